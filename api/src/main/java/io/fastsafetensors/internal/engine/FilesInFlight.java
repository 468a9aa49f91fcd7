// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Reason;
import io.fastsafetensors.UnsupportedTransferException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.plan.FilePlan;
import io.fastsafetensors.internal.plan.LoadPlan;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.IoBackend;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.toolkit.device.HostMemory;
import io.fastsafetensors.toolkit.host.DescriptorLimit;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The files of one load that are in flight, and the sessions that read them: the only owner of
 * both. A file goes to the first backend that can serve it, and on to the next, once each, when one
 * lacks what it needs. Sessions are opened when first needed.
 */
final class FilesInFlight implements AutoCloseable {
  private static final Logger LOG = System.getLogger(FilesInFlight.class.getName());

  /** How long all reads that are under way may take to end before they count as hanging. */
  private static final Duration STOP_GRACE = Duration.ofMillis(150);

  private final Backends backends;
  private final SharedContext context;
  private final IoOptions options;
  private final HeldFiles held;
  private final Limits limits;
  private final List<BackendSession> sessions = new ArrayList<>();
  private final Deque<FileInFlight> inFlight = new ArrayDeque<>();
  private Arrivals arrivals = Arrivals.UNHEARD;

  /**
   * How much is read at a time.
   *
   * @param files the most files
   * @param bytes the most bytes of them, unless it is one file
   */
  record Limits(int files, long bytes) {
    /** Enough to keep storage busy with small files. */
    private static final int MOST = 64;

    /** A file takes two descriptors at most; as many as half of that are left to others. */
    private static final int DESCRIPTORS = 3;

    /** Chooses for what the process may open. */
    static Limits of(LoadPlan plan, long bytes) {
      boolean isOne = plan.files().size() == 1 && plan.gathers().isEmpty();
      return new Limits(isOne ? 1 : openable(), bytes);
    }

    /** Chooses for many short reads. */
    static Limits of(long bytes) {
      return new Limits(openable(), bytes);
    }

    private static int openable() {
      return DescriptorLimit.read()
          .map(limit -> Math.clamp((limit.most() - limit.open()) / DESCRIPTORS, 1, MOST))
          .orElse(MOST);
    }
  }

  /**
   * A file whose bytes are all there.
   *
   * @param plan what was wanted of it
   * @param file its tensors in memory; the receiver releases them
   * @param ranges what the backend answered
   * @param backend the id of the backend that read it
   * @param reason why other backends couldn't serve it, if some were asked, and what this one did
   */
  record Received(
      FilePlan plan, LoadedFile file, LoadedRanges ranges, String backend, Reason reason) {}

  FilesInFlight(
      Backends backends, SharedContext context, IoOptions options, HeldFiles held, Limits limits) {
    this.backends = backends;
    this.context = context;
    this.options = options;
    this.held = held;
    this.limits = limits;
  }

  /** Says who hears of what arrives; before the first file is submitted. */
  void tell(Arrivals listener) {
    arrivals = listener;
  }

  boolean isEmpty() {
    return inFlight.isEmpty();
  }

  /** Tells whether another file may be submitted before one is received. */
  boolean hasRoom(FilePlan next) {
    return hasRoom(next, limits.bytes);
  }

  /** Tells whether another file may be submitted within a window of bytes, if it is smaller. */
  boolean hasRoom(FilePlan next, long window) {
    long bytes = inFlight.stream().mapToLong(read -> read.plan.bytes()).sum();
    return inFlight.size() < limits.files
        && (inFlight.isEmpty() || next.bytes() <= Math.min(window, limits.bytes) - bytes);
  }

  /**
   * Has a file read; doesn't wait for it.
   *
   * @return the id of the backend that reads it
   */
  String submit(FilePlan plan) throws LoadException {
    FileInFlight read = new FileInFlight(plan);
    BackendSession.Ticket submitted = read.submit();
    inFlight.add(read);
    arrivals.submitted(plan, submitted);
    return read.backend;
  }

  /** Waits until every byte of the file is there that was submitted first. */
  Received receive() throws LoadException {
    FileInFlight read = inFlight.element();
    LoadedRanges ranges = read.await();
    LoadedFile file = arrivals.received(context, read.plan, read.backend, ranges);
    try {
      checkWritable(read, ranges);
      inFlight.remove().close();
    } catch (Throwable e) {
      Cleanup.after(e, file::release);
      throw e;
    }
    Reason reason = read.reason(ranges.stats().reason());
    return new Received(read.plan, file, ranges, read.backend, reason);
  }

  /** Makes sure that what may be written by native code doesn't end the process. */
  private void checkWritable(FileInFlight read, LoadedRanges ranges) {
    if (!options.writable()) {
      return;
    }
    for (DeviceBuffer buffer : ranges.buffers()) {
      HostMemory.show(
          buffer,
          memory -> {
            if (memory.isReadOnly()) {
              throw BackendSession.broken(
                  read.backend, read.plan.path(), "gave read-only memory (rule IO-136)", null);
            }
          });
    }
  }

  /**
   * Stops and drains what is in flight, then closes the sessions, the last opened first. Files that
   * hang are drained last, so that the others' memory is free before.
   */
  @Override
  public void close() {
    Deadline grace = Deadline.after(STOP_GRACE);
    Cleanup.all(
        () -> Cleanup.each(inFlight, read -> read.stop(grace)),
        () -> Cleanup.each(hangingLast(), FileInFlight::close),
        () -> Cleanup.each(sessions.reversed(), BackendSession::close));
  }

  private List<FileInFlight> hangingLast() {
    return inFlight.stream().sorted(Comparator.comparingInt(read -> read.underWay)).toList();
  }

  /**
   * Returns the session of the chosen backend, or of one after it.
   *
   * @param number 0 for the chosen one, 1 for the next, ...; never skips one
   * @param file what to read by it
   * @return the session; empty if there are not so many backends
   * @throws LoadException if there is none at all, or it can't be opened
   */
  private Optional<BackendSession> session(int number, FilePlan file) throws LoadException {
    if (number == sessions.size()) {
      Optional<IoBackend> next = number == 0 ? Optional.of(backends.first()) : backends.get(number);
      if (next.isEmpty()) {
        return Optional.empty();
      }
      sessions.add(BackendSession.open(next.get(), context, options, file));
    }
    return Optional.of(sessions.get(number));
  }

  /** A file in flight. */
  private final class FileInFlight {
    private final FilePlan plan;
    private final List<Backends.Refusal> refusals = new ArrayList<>();
    private BackendSession.@Nullable Ticket ticket;
    private String backend = "";
    private int underWay;

    FileInFlight(FilePlan plan) {
      this.plan = plan;
    }

    /** Starts reading, by the first backend that does not refuse. */
    BackendSession.Ticket submit() throws LoadException {
      held.ask(this, plan.path(), plan.bytes());
      try {
        BackendSession.Ticket submitted = submitToNext();
        ticket = submitted;
        held.answered(this);
        return submitted;
      } catch (Throwable e) {
        held.done(this);
        throw e;
      }
    }

    private BackendSession.Ticket submitToNext() throws LoadException {
      while (true) {
        BackendSession next =
            session(refusals.size(), plan)
                .orElseThrow(() -> backends.nobodyLeft(plan.path(), refusals));
        backend = next.backend();
        try {
          return next.submit(plan);
        } catch (UnsupportedTransferException e) {
          refused(e);
        }
      }
    }

    /** Waits until every byte is there; the caller owns the buffers. */
    LoadedRanges await() throws LoadException {
      while (true) {
        BackendSession.Ticket submitted = ticket == null ? submitAgain() : ticket;
        try {
          return submitted.await();
        } catch (UnsupportedTransferException e) {
          drain();
          refused(e);
        }
      }
    }

    private BackendSession.Ticket submitAgain() throws LoadException {
      BackendSession.Ticket submitted = submit();
      arrivals.submitted(plan, submitted);
      return submitted;
    }

    private void refused(UnsupportedTransferException e) {
      refusals.add(new Backends.Refusal(backend, e));
      LOG.log(Level.DEBUG, () -> "going on to the next backend: " + e.getMessage());
    }

    Reason reason(Reason done) {
      if (refusals.isEmpty()) {
        return done;
      }
      String others =
          refusals.stream()
              .map(refusal -> refusal.backend() + ": {" + refusal.backend() + "}")
              .collect(Collectors.joining("; "));
      Reason fallback =
          Reason.of("backend.fallback", done.toString().isEmpty() ? others : others + "; {done}");
      for (Backends.Refusal refusal : refusals) {
        fallback = fallback.with(refusal.backend(), refusal.why().reason());
      }
      return fallback.with("done", done);
    }

    /** Stops reading; counts the reads that are still under way when the time is over. */
    void stop(Deadline deadline) {
      if (ticket != null) {
        underWay = 1; // unless the backend can tell
        try {
          underWay = ticket.stop(deadline);
        } finally {
          held.hanging(this, underWay);
        }
      }
    }

    /** Drains the file, of which nothing is held afterwards. */
    void close() {
      arrivals.closing(plan);
      drain();
      held.done(this);
    }

    private void drain() {
      BackendSession.Ticket submitted = ticket;
      ticket = null;
      if (submitted != null) {
        submitted.close();
        arrivals.closed(plan);
      }
    }
  }
}
