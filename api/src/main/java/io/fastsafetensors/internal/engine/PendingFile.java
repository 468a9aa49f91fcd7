// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.BackendUnavailableException;
import io.fastsafetensors.PluginReport;
import io.fastsafetensors.Reason;
import io.fastsafetensors.UnsupportedTransferException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.plan.FilePlan;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.IoTicket;
import io.fastsafetensors.spi.LoadedRanges;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A file being read; goes on to the next backend, once each, when one lacks what it needs. */
final class PendingFile implements AutoCloseable {
  private static final Logger LOG = System.getLogger(PendingFile.class.getName());

  private final BackendSessions sessions;
  private final FilePlan plan;
  private final HeldFiles held;
  private final List<Refusal> refusals = new ArrayList<>();
  private @Nullable IoTicket ticket;
  private String backend = "";
  private int underWay;

  /** Why a backend can't serve the file. */
  private record Refusal(String backend, UnsupportedTransferException why) {}

  PendingFile(BackendSessions sessions, FilePlan plan, HeldFiles held) {
    this.sessions = sessions;
    this.plan = plan;
    this.held = held;
  }

  FilePlan plan() {
    return plan;
  }

  /** Returns the id of the backend that reads the file. */
  String backend() {
    return backend;
  }

  /** Says why other backends couldn't serve the file, if some were asked, and what this one did. */
  Reason reason(Reason done) {
    if (refusals.isEmpty()) {
      return done;
    }
    String others =
        refusals.stream()
            .map(refusal -> refusal.backend + ": {" + refusal.backend + "}")
            .collect(Collectors.joining("; "));
    Reason fallback =
        Reason.of("backend.fallback", done.toString().isEmpty() ? others : others + "; {done}");
    for (Refusal refusal : refusals) {
      fallback = fallback.with(refusal.backend, refusal.why.reason());
    }
    return fallback.with("done", done);
  }

  /** Starts reading, by the first backend that does not refuse. */
  IoTicket submit() throws LoadException {
    held.ask(plan.path(), plan.bytes());
    try {
      IoTicket submitted = submitToNext();
      held.answered(plan.path());
      return submitted;
    } catch (Throwable e) {
      held.done(plan.path());
      throw e;
    }
  }

  private IoTicket submitToNext() throws LoadException {
    while (true) {
      BackendSessions.Opened next = sessions.session(refusals.size()).orElseThrow(this::nobodyLeft);
      try {
        backend = next.backend();
        IoTicket submitted = next.session().submit(plan.ranges());
        ticket = submitted;
        return submitted;
      } catch (UnsupportedTransferException e) {
        refused(e);
      }
    }
  }

  /** Waits until every byte is there; the caller owns the buffers. */
  LoadedRanges await() throws LoadException {
    while (true) {
      try {
        return current().await();
      } catch (UnsupportedTransferException e) {
        close();
        refused(e);
      }
    }
  }

  private IoTicket current() throws LoadException {
    IoTicket submitted = ticket;
    return submitted == null ? submit() : submitted;
  }

  private void refused(UnsupportedTransferException e) {
    refusals.add(new Refusal(backend, e));
    LOG.log(Level.DEBUG, () -> "going on to the next backend: " + e.getMessage());
  }

  private BackendUnavailableException nobodyLeft() {
    BackendUnavailableException e =
        new BackendUnavailableException(
            plan.path() + ": no other backend is left",
            sessions.reports().stream().map(this::withRefusal).toList());
    refusals.forEach(refusal -> e.addSuppressed(refusal.why));
    return e;
  }

  /** What refused this file is unavailable for it, whatever its probe said. */
  private PluginReport withRefusal(PluginReport report) {
    return refusals.stream()
        .filter(refusal -> refusal.backend.equals(report.id()))
        .findFirst()
        .map(refusal -> report.toBuilder().available(false).detail(refusal.why.reason()).build())
        .orElse(report);
  }

  /** Stops reading; returns how many reads are still under way when the time is over. */
  int stop(Deadline deadline) {
    IoTicket submitted = ticket;
    underWay = submitted == null ? 0 : submitted.stop(deadline);
    return underWay;
  }

  /** Returns how many reads did not end in time after {@link #stop}. */
  int underWay() {
    return underWay;
  }

  /** Drains the file; a second call does nothing. */
  @Override
  public void close() {
    IoTicket submitted = ticket;
    ticket = null;
    if (submitted != null) {
      submitted.close();
    }
  }
}
