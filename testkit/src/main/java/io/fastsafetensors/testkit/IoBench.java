// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.spi.Capability;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.IoBackend;
import io.fastsafetensors.spi.IoBackend.OpenFile;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.IoSession;
import io.fastsafetensors.spi.IoTicket;
import io.fastsafetensors.spi.IoTicket.EarlyRanges;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.testkit.SampleFiles.ScratchFolder;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Assumptions;

/** One test's folder, device, monitor and options for a backend; cleans up after it. */
final class IoBench implements AutoCloseable {
  /** What a test does. */
  @FunctionalInterface
  interface Body {
    void run(IoBench bench, Rule rule) throws Exception;
  }

  /** What is done in a session, to see what it leaves behind. */
  @FunctionalInterface
  interface Use {
    void in(IoBench bench, IoSession session) throws Exception;
  }

  private static final int CHUNK = 1 << 20;

  final TestkitEnvironment environment;
  final TrackedContext context;
  final TestMonitor monitor;
  final ScratchFolder folder;

  private final IoRules subject;
  private final Set<Capability> capabilities;
  private final Deque<AutoCloseable> leftovers = new ArrayDeque<>();
  private boolean writable;
  private AccessPath path = AccessPath.AUTO;
  private DirectMode direct = DirectMode.AUTO;
  private int threads;
  private long blockBytes;
  private long alignment;
  private long budget = Long.MAX_VALUE;

  private IoBench(IoRules subject, Set<Capability> capabilities) throws IOException {
    this.subject = subject;
    this.capabilities = capabilities;
    this.environment = subject.environment();
    this.monitor = new TestMonitor(environment.patience());
    this.folder = new ScratchFolder(environment);
    this.context = new TrackedContext(subject.runtime().open(subject.device()));
    context.attach();
    monitor.caller();
  }

  /**
   * Tries a rule. Skips the test, visibly, if the backend is unavailable here; an exception that
   * the test did not expect breaks the rule.
   */
  static void use(String rule, IoRules subject, Body body) {
    Rule tried = new Rule(rule);
    tried.allows(
        "the load",
        () -> {
          try (IoBench bench = open(subject)) {
            body.run(bench, tried);
            return true;
          }
        });
  }

  private static IoBench open(IoRules subject) throws IOException {
    IoBackend backend = subject.backend();
    Availability.Available available =
        Probing.assumeAvailable(backend, () -> backend.probe(subject.device()));
    return new IoBench(subject, available.capabilities());
  }

  /** Reads into private memory; skips the test, visibly, if the backend can't. */
  IoBench copied() {
    return path(Capability.COPIED, AccessPath.COPIED, DirectMode.AUTO);
  }

  /** Reads in a certain way; skips the test, visibly, if the backend can't. */
  IoBench path(Capability needed, AccessPath newPath, DirectMode newDirect) {
    Assumptions.assumeTrue(
        capabilities.contains(needed),
        subject.backend().id() + " does not claim the capability " + needed);
    return way(newPath, newDirect);
  }

  /** Reads in a way that the backend does not claim; skips the test, visibly, if it does. */
  IoBench unclaimed(Capability claim, AccessPath newPath, DirectMode newDirect) {
    Assumptions.assumeFalse(
        capabilities.contains(claim), subject.backend().id() + " claims the capability " + claim);
    return way(newPath, newDirect);
  }

  private IoBench way(AccessPath newPath, DirectMode newDirect) {
    this.path = newPath;
    this.direct = newDirect;
    return this;
  }

  /** Skips the test, visibly, on memory that the host sees: nothing is staged there. */
  void assumeStages() throws LoadException {
    try (DeviceBuffer buffer = context.allocate(64, 64)) {
      Assumptions.assumeTrue(
          buffer.host().isEmpty(),
          subject.device() + " is host memory: nothing is staged; certify on sim:0 as well");
    }
  }

  IoBench writable() {
    this.writable = true;
    return this;
  }

  IoBench threads(int count) {
    this.threads = count;
    return this;
  }

  IoBench blocks(long bytes) {
    this.blockBytes = bytes;
    return this;
  }

  IoBench alignment(long bytes) {
    this.alignment = bytes;
    return this;
  }

  IoBench budget(long bytes) {
    this.budget = bytes;
    return this;
  }

  IoSession session() throws LoadException {
    IoSession session = subject.backend().open(context, options());
    leftovers.push(session);
    return session;
  }

  private IoOptions options() {
    return IoOptions.builder(monitor)
        .path(path)
        .writable(writable)
        .direct(direct)
        .threads(threads)
        .blockBytes(blockBytes)
        .alignment(alignment)
        .memoryBudget(budget)
        .properties(subject.properties())
        .build();
  }

  /** Opens a file of which bytes are read on demand; the caller closes it. */
  OpenFile openFile(Path file) throws IOException {
    return subject.backend().openFile(file, options());
  }

  IoTicket submit(IoSession session, RangePlan plan) throws LoadException {
    IoTicket ticket = session.submit(plan);
    leftovers.push(ticket);
    return ticket;
  }

  LoadedRanges await(IoTicket ticket) throws LoadException {
    LoadedRanges loaded = ticket.await();
    loaded.buffers().forEach(leftovers::push);
    return loaded;
  }

  /** Returns a ticket's ranges one by one; skips the test, visibly, if it has them all at once. */
  EarlyRanges early(IoTicket ticket) {
    Optional<EarlyRanges> early = ticket.early();
    Assumptions.assumeTrue(
        early.isPresent(), subject.backend().id() + " gives out no range before all are there");
    return early.get();
  }

  /** Waits for one range; its buffer is closed after the ticket and the session. */
  Region await(EarlyRanges early, int range) throws LoadException {
    Region region = early.await(range);
    leftovers.addLast(region.buffer());
    return region;
  }

  /** Fails unless a range is in a region, with the file's bytes. */
  void check(Rule rule, SampleFile file, ByteRange range, Region region) throws LoadException {
    try (DeviceStream stream = context.real().newStream()) {
      check(rule, file, range, region, stream);
    }
  }

  LoadedRanges load(IoSession session, RangePlan plan) throws LoadException {
    try (IoTicket ticket = submit(session, plan)) {
      return await(ticket);
    }
  }

  /** Loads in a session of its own, which stays open until the test is over. */
  LoadedRanges load(RangePlan plan) throws LoadException {
    return load(session(), plan);
  }

  /** Makes a call that must end in time, on a thread that stands for the engine. */
  <T> T ends(Rule rule, String call, Callable<T> body) throws Exception {
    return ends(rule, environment.patience(), call, body);
  }

  <T> T ends(Rule rule, Duration limit, String call, Callable<T> body) throws Exception {
    return rule.ends(
        limit,
        call,
        () -> {
          context.attach();
          monitor.caller();
          return body.call();
        });
  }

  /** Fails unless every range is there, in the plan's order, with the file's bytes. */
  void check(Rule rule, SampleFile file, RangePlan plan, LoadedRanges loaded) throws LoadException {
    List<ByteRange> ranges = plan.ranges();
    rule.same(ranges.size(), loaded.regions().size(), "the number of regions");
    try (DeviceStream stream = context.real().newStream()) {
      for (int i = 0; i < ranges.size(); i++) {
        check(rule, file, ranges.get(i), loaded.regions().get(i), stream);
      }
    }
  }

  private void check(
      Rule rule, SampleFile file, ByteRange range, Region region, DeviceStream stream)
      throws LoadException {
    rule.same(range.size(), region.bytes(), "the size of the region of " + range);
    rule.check(region.isContiguous(), "the region of " + range + " is not contiguous: " + region);
    for (long at = 0; at < range.size(); at += CHUNK) {
      long bytes = Math.min(CHUNK, range.size() - at);
      byte[] found = read(region.slice(at, bytes), stream);
      byte[] wanted = file.expected(new ByteRange(range.begin() + at, range.begin() + at + bytes));
      int wrong = Arrays.mismatch(wanted, found);
      rule.check(
          wrong < 0,
          "wrong bytes of "
              + range
              + " from byte "
              + (range.begin() + at + wrong)
              + " of the file"
              + " on (path "
              + path
              + ", direct "
              + direct
              + ", threads "
              + threads
              + ", blocks of "
              + blockBytes
              + ")");
    }
  }

  private byte[] read(Region region, DeviceStream stream) throws LoadException {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment host = arena.allocate(region.bytes());
      stream.copyToHost(region, host);
      stream.record().await(monitor.deadline());
      return host.toArray(ValueLayout.JAVA_BYTE);
    }
  }

  /** Closes what was handed out. */
  static void release(LoadedRanges loaded) {
    loaded.buffers().forEach(DeviceBuffer::close);
  }

  /** Fails if the session left memory or streams of the device open. */
  void checkNothingOpen(Rule rule, String after) {
    rule.check(
        context.openBuffers() == 0 && context.openStreams() == 0,
        context.openBuffers()
            + " buffers and "
            + context.openStreams()
            + " streams of "
            + context.device()
            + " left open after "
            + after);
  }

  /**
   * Closes what is still open. What goes wrong here is the business of the tests that look for it,
   * not of each test.
   */
  @Override
  public void close() {
    monitor.releaseReaders();
    leftovers.forEach(IoBench::closeQuietly);
    monitor.memory().endAll();
    closeQuietly(context);
    closeQuietly(folder);
  }

  private static void closeQuietly(AutoCloseable resource) {
    try {
      resource.close();
    } catch (Exception e) {
      System.getLogger(IoBench.class.getName()).log(System.Logger.Level.DEBUG, "cleaning up", e);
    }
  }
}
