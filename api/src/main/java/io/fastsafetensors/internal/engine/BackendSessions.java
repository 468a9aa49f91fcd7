// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.PluginReport;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.plan.FilePlan;
import io.fastsafetensors.internal.registry.Candidates;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.IoBackend;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.IoSession;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * The sessions of one load: the chosen backend's, and those of the next ones for files that it
 * can't serve.
 */
final class BackendSessions implements AutoCloseable {
  private static final Logger LOG = System.getLogger(BackendSessions.class.getName());

  /** How long all reads that are under way may take to end before they count as hanging. */
  private static final Duration STOP_GRACE = Duration.ofMillis(150);

  private final Candidates<IoBackend> candidates;
  private final SharedContext context;
  private final IoOptions options;
  private final HeldFiles held;
  private final List<Opened> opened = new ArrayList<>();
  private final Deque<PendingFile> inFlight = new ArrayDeque<>();

  /**
   * An open session.
   *
   * @param backend the id of its backend
   * @param session the session
   */
  record Opened(String backend, IoSession session) {}

  BackendSessions(
      Candidates<IoBackend> candidates, SharedContext context, IoOptions options, HeldFiles held) {
    this.candidates = candidates;
    this.context = context;
    this.options = options;
    this.held = held;
  }

  /** Starts reading a file, by the first backend that can serve it. */
  void submit(FilePlan plan) throws LoadException {
    PendingFile file = new PendingFile(this, plan, held);
    file.submit();
    inFlight.add(file);
  }

  int filesInFlight() {
    return inFlight.size();
  }

  long bytesInFlight() {
    return inFlight.stream().mapToLong(file -> file.plan().bytes()).sum();
  }

  /** Returns the file that was submitted first of those in flight. */
  PendingFile oldest() {
    return inFlight.element();
  }

  /** Closes the oldest file, after it was awaited. */
  void closeOldest() {
    close(inFlight.remove());
  }

  /**
   * Returns the session of the chosen backend, or of one after it; opened when first asked for.
   *
   * @param number 0 for the chosen one, 1 for the next, ...; never skips one
   * @return the session; empty if there are not so many backends
   * @throws LoadException if there is none at all, or it can't be opened
   */
  Optional<Opened> session(int number) throws LoadException {
    if (number == opened.size()) {
      Optional<IoBackend> next =
          opened.isEmpty() ? Optional.of(candidates.next()) : candidates.tryNext();
      if (next.isEmpty()) {
        return Optional.empty();
      }
      opened.add(open(next.get()));
    }
    return Optional.of(opened.get(number));
  }

  private Opened open(IoBackend backend) throws LoadException {
    LOG.log(Level.DEBUG, () -> "open: backend " + backend.id() + " on " + context.device());
    return new Opened(backend.id(), backend.open(context.attached(), options));
  }

  /** Returns which backends were considered. */
  List<PluginReport> reports() {
    return candidates.reports();
  }

  /** Drains all files, then closes the sessions, the last opened first. */
  @Override
  public void close() {
    Cleanup.all(
        () -> Cleanup.each(stopped(), this::close),
        () -> Cleanup.each(opened.reversed(), o -> o.session().close()));
  }

  /** Stops all files; those that hang come last, so that the others' memory is free before. */
  private List<PendingFile> stopped() {
    Deadline grace = Deadline.after(STOP_GRACE);
    for (PendingFile file : inFlight) {
      held.hanging(file.plan().path(), file.stop(grace));
    }
    return inFlight.stream().sorted(Comparator.comparingInt(PendingFile::underWay)).toList();
  }

  private void close(PendingFile file) {
    file.close();
    held.done(file.plan().path());
  }
}
