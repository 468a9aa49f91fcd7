// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.IoSession;
import io.fastsafetensors.spi.IoTicket;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.testkit.ProcessSnapshot.LeakCheck;
import io.fastsafetensors.testkit.SampleFiles.FileCuts;
import java.nio.file.Files;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/**
 * Rules of backends about time, threads and ownership: IO-101, IO-102, IO-110 to IO-112, IO-114,
 * IO-117, IO-119 and IO-120; and D-203, which binds who calls a device.
 *
 * @since 0.1
 */
public interface IoLifetimeRules extends IoRules {
  /** Rule IO-101: with every reader held, submitting comes back. */
  @Test
  default void required_io101_submitDoesNotWaitForTheReads() {
    IoBench.use(
        "IO-101",
        this,
        (bench, rule) -> {
          bench.copied().threads(1).blocks(65_536);
          try (IoSession session = bench.session()) {
            SampleFile file = bench.folder.write(1 << 20);
            bench.monitor.holdReaders();
            IoTicket ticket =
                bench.ends(rule, "submit()", () -> bench.submit(session, file.whole()));
            int blocks = bench.monitor.blocks().size();
            rule.same(0, blocks, "the number of blocks read before submit() returned");
            bench.monitor.releaseReaders();
            bench.check(rule, file, file.whole(), bench.await(ticket));
            ticket.close();
          }
        });
  }

  /** Rule IO-102: after close() returned, nothing of the ticket goes on. */
  @Test
  default void required_io102_closeDrains() {
    IoBench.use(
        "IO-102",
        this,
        (bench, rule) -> {
          bench.copied().threads(2).blocks(4096);
          try (IoSession session = bench.session()) {
            bench.monitor.pace(Duration.ofMillis(5));
            bench.monitor.holdReadersAfter(2);
            IoTicket ticket = bench.submit(session, bench.folder.write(200 * 4096).whole());
            waitUntilHeld(bench);
            Assumptions.assumeTrue(
                bench.monitor.blocks().size() < 200, "all was read before there was time to close");
            bench.ends(rule, "close() of a ticket", () -> closedWhileHeld(bench, ticket));
            bench.monitor.releaseReaders();
            int blocks = bench.monitor.blocks().size();
            LockSupport.parkNanos(environment().quiet().multipliedBy(4).toNanos());
            rule.same(blocks, bench.monitor.blocks().size(), "after close(), the number of blocks");
            rule.check(blocks < 200, "close() did not stop: all 200 blocks were read");
          }
        });
  }

  /** Readers go on only once close() waits for them: else they may be done before it begins. */
  private static boolean closedWhileHeld(IoBench bench, IoTicket ticket) throws Exception {
    Thread closer = Thread.currentThread();
    long end = System.nanoTime() + bench.environment.patience().toNanos() / 2;
    Thread.ofPlatform()
        .daemon()
        .name("testkit: lets readers go on")
        .start(() -> {
          while (closer.getState() == Thread.State.RUNNABLE && System.nanoTime() < end) {
            LockSupport.parkNanos(1_000_000);
          }
          bench.monitor.releaseReaders();
        });
    return closed(ticket);
  }

  private static boolean closed(AutoCloseable resource) throws Exception {
    resource.close();
    return true;
  }

  private void waitUntilHeld(IoBench bench) {
    long start = System.nanoTime();
    while (!bench.monitor.isHolding()) {
      Assumptions.assumeTrue(
          System.nanoTime() - start < environment().patience().toNanos(),
          "the backend reads in await() only: nothing to drain");
      LockSupport.parkNanos(1_000_000);
    }
  }

  /** Rule IO-110: what was handed out outlives the ticket and the session. */
  @Test
  default void required_io110_rangesOutliveTheSession() {
    IoBench.use(
        "IO-110",
        this,
        (bench, rule) -> {
          SampleFile file = bench.folder.write(100_000);
          IoSession session = bench.session();
          LoadedRanges loaded = bench.load(session, file.whole());
          session.close();
          rule.check(
              loaded.buffers().stream().allMatch(TrackedContext::isOpen),
              "a buffer was closed with the session");
          bench.check(rule, file, file.whole(), loaded);
          IoBench.release(loaded);
          rule.check(
              loaded.buffers().stream().noneMatch(TrackedContext::isOpen),
              "a buffer stayed open when it was closed");
        });
  }

  /** Rule IO-110: private memory does not change with the file. */
  @Test
  default void required_io110_copiesAreIndependentOfTheFile() {
    IoBench.use(
        "IO-110",
        this,
        (bench, rule) -> {
          bench.copied();
          SampleFile file = bench.folder.write(100_000);
          LoadedRanges loaded = bench.load(file.whole());
          Files.write(file.path(), new byte[100_000]);
          bench.check(rule, file, file.whole(), loaded);
        });
  }

  /** Rule IO-111: what is closed refuses, and closing twice does nothing. */
  @Test
  default void required_io111_closedThingsRefuse() {
    IoBench.use(
        "IO-111",
        this,
        (bench, rule) -> {
          SampleFile file = bench.folder.write(10_000);
          IoSession session = bench.session();
          IoTicket twice = bench.submit(session, file.whole());
          bench.await(twice);
          rule.refuses(IllegalStateException.class, "a second await()", twice::await);
          IoTicket ticket = bench.submit(session, file.whole());
          for (int i = 0; i < 2; i++) {
            rule.allows("close() of a ticket", () -> closed(ticket));
            rule.allows("close() after await()", () -> closed(twice));
          }
          rule.refuses(IllegalStateException.class, "await() after close()", ticket::await);
          for (int i = 0; i < 2; i++) {
            rule.allows("close() of a session", () -> closed(session));
          }
          rule.refuses(
              IllegalStateException.class,
              "submit() after close()",
              () -> bench.submit(session, file.whole()));
        });
  }

  /** Rule IO-112: a load that succeeds leaves nothing behind once its ranges are closed. */
  @Test
  default void required_io112_successLeavesNothing() {
    leavesNothing(
        "loads",
        bench -> bench,
        (bench, session) ->
            IoBench.release(bench.load(session, bench.folder.write(100_000).whole())));
  }

  /** Rule IO-112: a load that fails leaves nothing behind. */
  @Test
  default void required_io112_failureLeavesNothing() {
    leavesNothing(
        "loads of shortened and missing files",
        bench -> bench,
        (bench, session) -> {
          SampleFile file = bench.folder.write(100_000);
          SampleFile longer = new SampleFile(file.path(), 150_000, 1);
          SampleFile missing = new SampleFile(bench.folder.next(), 1000, 1);
          failToLoad(bench, session, longer);
          failToLoad(bench, session, missing);
        });
  }

  /** Rule IO-112: a load that fails when some blocks are there already leaves nothing behind. */
  @Test
  default void required_io112_failureAfterSomeBlocksLeavesNothing() {
    leavesNothing(
        "loads of files that are cut off meanwhile",
        IoBench::copied,
        (bench, session) -> {
          SampleFile file = bench.folder.write(200_000);
          bench.monitor.onBlock(block -> FileCuts.cut(file.path(), 4096));
          failToLoad(bench, session, file);
        });
  }

  /** Rule IO-112: a load that is cancelled leaves nothing behind. */
  @Test
  default void required_io112_cancellationLeavesNothing() {
    leavesNothing(
        "cancelled loads",
        bench -> bench,
        (bench, session) -> {
          bench.monitor.cancelAt(2);
          failToLoad(bench, session, bench.folder.write(100_000));
        });
  }

  /** Rule IO-112: a load that is cancelled when some blocks are there leaves nothing behind. */
  @Test
  default void required_io112_cancellationAfterSomeBlocksLeavesNothing() {
    leavesNothing(
        "loads cancelled on their way",
        IoBench::copied,
        (bench, session) -> {
          bench.monitor.cancelAt(6);
          failToLoad(bench, session, bench.folder.write(200_000));
        });
  }

  /** Rule IO-112: a ticket that nobody awaits leaves nothing behind. */
  @Test
  default void required_io112_abandonedTicketLeavesNothing() {
    leavesNothing(
        "tickets closed without await()",
        bench -> bench,
        (bench, session) -> bench.submit(session, bench.folder.write(100_000).whole()).close());
  }

  private static void failToLoad(IoBench bench, IoSession session, SampleFile file) {
    try {
      IoBench.release(bench.load(session, file.whole()));
    } catch (LoadException e) {
      // whether it has to fail is the question of other rules
    }
  }

  private void leavesNothing(String what, UnaryOperator<IoBench> way, IoBench.Use use) {
    LeakCheck.check(
        new Rule("IO-112"), what, 5, environment().patience(), () -> useOnce(what, way, use));
  }

  private void useOnce(String what, UnaryOperator<IoBench> way, IoBench.Use use) {
    IoBench.use(
        "IO-112",
        this,
        (bench, rule) -> {
          way.apply(bench).threads(2).blocks(16_384);
          try (IoSession session = bench.session()) {
            use.in(bench, session);
          }
          bench.checkNothingOpen(rule, what);
        });
  }

  /** Rule IO-114: one file's failure is not another's. */
  @Test
  default void required_io114_failureOfOneFileIsItsOwn() {
    IoBench.use(
        "IO-114",
        this,
        (bench, rule) -> {
          bench.blocks(16_384);
          try (IoSession session = bench.session()) {
            ConcurrentFiles flight = new ConcurrentFiles(bench, session);
            flight.submit(100_000);
            failToLoad(bench, session, new SampleFile(bench.folder.next(), 1000, 1));
            bench.submit(session, bench.folder.write(80_000).whole()).close();
            flight.submit(90_000);
            rule.allows(
                "loading files beside one that fails",
                () -> {
                  flight.awaitBackwards(rule);
                  return true;
                });
          }
        });
  }

  /** Rule IO-117: sessions at the same time don't know each other. */
  @Test
  default void required_io117_sessionsAreIndependent() {
    Crew crew = new Crew(environment().patience().multipliedBy(2));
    CountDownLatch opening = new CountDownLatch(4);
    for (int i = 0; i < 4; i++) {
      crew.add("session " + i, () -> loadSomeFiles(opening));
    }
    crew.await(new Rule("IO-117"));
  }

  private void loadSomeFiles(CountDownLatch opening) {
    IoBench.use(
        "IO-117",
        this,
        (bench, rule) -> {
          try (IoSession session = openWithOthers(bench.blocks(8192), opening)) {
            for (long bytes = 10_000; bytes < 60_000; bytes += 10_000) {
              SampleFile file = bench.folder.write(bytes);
              bench.check(rule, file, file.whole(), bench.load(session, file.whole()));
            }
          }
        });
  }

  private IoSession openWithOthers(IoBench bench, CountDownLatch opening) throws Exception {
    try {
      return bench.session();
    } finally {
      opening.countDown();
      opening.await(environment().patience().toNanos(), TimeUnit.NANOSECONDS);
    }
  }

  /** Rule IO-119: threads of the session attach to the device before they use it. */
  @Test
  default void required_io119_threadsAttach() {
    IoBench.use(
        "IO-119",
        this,
        (bench, rule) -> {
          bench.threads(4).blocks(4096);
          bench.load(bench.folder.write(100_000).whole());
          rule.check(
              bench.context.strangers().isEmpty(),
              "used without attach(): " + bench.context.strangers());
        });
  }

  /** Rule IO-120: staging memory is reused, and ranges handed out, only after a mark. */
  @Test
  default void required_io120_waitsForTheDevice() {
    IoBench.use(
        "IO-120",
        this,
        (bench, rule) -> {
          bench.copied().threads(2).blocks(4096);
          bench.assumeStages();
          SampleFile file = bench.folder.write(300 * 4096 + 17);
          bench.check(rule, file, file.whole(), bench.load(file.whole()));
        });
  }

  /**
   * Rule D-203, of which a backend is the caller: a device's own thread may copy what it is given.
   */
  @Test
  default void required_d203_hostMemoryIsForEveryThread() {
    IoBench.use(
        "D-203",
        this,
        (bench, rule) -> {
          bench.copied().threads(2).blocks(4096);
          bench.assumeStages();
          bench.load(bench.folder.write(100_000).whole());
          bench.context.checkHostMemory(rule);
        });
  }
}
