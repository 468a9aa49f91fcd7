// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.BackendUnavailableException;
import io.fastsafetensors.LoadException;
import io.fastsafetensors.UnsupportedTransferException;
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
  private final List<UnsupportedTransferException> refusals = new ArrayList<>();
  private @Nullable IoTicket ticket;
  private String backend = "";
  private int underWay;

  PendingFile(BackendSessions sessions, FilePlan plan) {
    this.sessions = sessions;
    this.plan = plan;
  }

  FilePlan plan() {
    return plan;
  }

  /** Returns the id of the backend that reads the file. */
  String backend() {
    return backend;
  }

  /** Returns why other backends couldn't serve the file; empty if none had to be asked. */
  String refusals() {
    return refusals.stream().map(e -> e.getMessage() + "; ").collect(Collectors.joining());
  }

  /** Starts reading, by the first backend that does not refuse. */
  IoTicket submit() throws LoadException {
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
    refusals.add(e);
    LOG.log(Level.DEBUG, () -> "going on to the next backend: " + e.getMessage());
  }

  private BackendUnavailableException nobodyLeft() {
    String message = plan.path() + ": no other backend is left: " + refusals();
    BackendUnavailableException e =
        new BackendUnavailableException(message.strip(), sessions.reports());
    refusals.forEach(e::addSuppressed);
    return e;
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
