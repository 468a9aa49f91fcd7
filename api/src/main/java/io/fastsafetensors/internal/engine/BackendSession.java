// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.plan.FilePlan;
import io.fastsafetensors.internal.text.Printable;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.IoBackend;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.IoSession;
import io.fastsafetensors.spi.IoTicket;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.spi.Region;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A backend's session. All calls of backends are made here: what they throw or return against their
 * contract becomes an {@code IllegalStateException} with the backend's id and the file, which the
 * plug-in's own exception lacks. Errors and {@code LoadException}s stay as they are.
 */
final class BackendSession {
  private static final Logger LOG = System.getLogger(BackendSession.class.getName());

  private final String backend;
  private final Path first;
  private final IoSession session;

  private BackendSession(String backend, Path first, IoSession session) {
    this.backend = backend;
    this.first = first;
    this.session = session;
  }

  /** Opens a session, of which a file is the first to be read. */
  static BackendSession open(
      IoBackend backend, SharedContext context, IoOptions options, FilePlan file)
      throws LoadException {
    String id = backend.id();
    LOG.log(Level.DEBUG, () -> "open: backend " + id + " on " + context.device());
    Call<IoSession> open = () -> backend.open(context.attached(), options);
    return new BackendSession(id, file.path(), call(id, file.path(), "open", open));
  }

  /** Returns the backend's id. */
  String backend() {
    return backend;
  }

  /** Starts reading a file. */
  Ticket submit(FilePlan file) throws LoadException {
    Call<IoTicket> submit = () -> session.submit(file.ranges());
    return new Ticket(file.path(), call(backend, file.path(), "submit", submit));
  }

  /** Closes the session, after its tickets. */
  void close() {
    end(first, "the session's close", session::close);
  }

  /** A file that the backend reads. */
  final class Ticket {
    private final Path file;
    private final IoTicket ticket;

    private Ticket(Path file, IoTicket ticket) {
      this.file = file;
      this.ticket = ticket;
    }

    /** Waits until every byte is there; the caller owns the buffers. */
    LoadedRanges await() throws LoadException {
      return call(backend, file, "await", ticket::await);
    }

    /** Returns the ranges one by one, if the backend gives them out before all are there. */
    Optional<Early> early() throws LoadException {
      Call<Optional<IoTicket.EarlyRanges>> early = ticket::early;
      return call(backend, file, "early", early).map(ranges -> new Early(file, ranges));
    }

    /** Stops reading; returns how many reads are still under way when the time is over. */
    int stop(Deadline deadline) {
      try {
        return ticket.stop(deadline);
      } catch (Exception e) {
        throw threw(backend, file, "stop", e);
      }
    }

    /** Drains the file. */
    void close() {
      end(file, "close", ticket::close);
    }
  }

  /** The ranges of a file that the backend reads, for threads that wait for some of them. */
  final class Early {
    private final Path file;
    private final IoTicket.EarlyRanges ranges;

    private Early(Path file, IoTicket.EarlyRanges ranges) {
      this.file = file;
      this.ranges = ranges;
    }

    boolean isThere(int range) {
      try {
        return ranges.isThere(range);
      } catch (Exception e) {
        throw threw(backend, file, "isThere", e);
      }
    }

    void prefer(int range) {
      try {
        ranges.prefer(range);
      } catch (Exception e) {
        throw threw(backend, file, "prefer", e);
      }
    }

    /** Waits for a range of so many bytes; its buffer is the caller's. */
    Region await(int range, long bytes) throws LoadException {
      Region region = call(backend, file, "await of a range", () -> ranges.await(range));
      if (!region.isContiguous() || region.bytes() != bytes) {
        throw broken(backend, file, "gave out " + region + " for " + bytes + " bytes", null);
      }
      return region;
    }
  }

  /** A call that answers. */
  private interface Call<T> {
    T make() throws LoadException;
  }

  private static <T> T call(String backend, Path file, String name, Call<T> call)
      throws LoadException {
    return answer(call, backend, file, name)
        .orElseThrow(() -> broken(backend, file, name + " returned null", null));
  }

  private static <T> Optional<T> answer(Call<T> call, String backend, Path file, String name)
      throws LoadException {
    try {
      return Optional.ofNullable(call.make());
    } catch (LoadException e) {
      throw e;
    } catch (Exception e) { // also a checked one, of a language that doesn't check
      throw threw(backend, file, name, e);
    }
  }

  private void end(Path file, String name, Runnable close) {
    try {
      close.run();
    } catch (Exception e) {
      throw threw(backend, file, name, e);
    }
  }

  private static IllegalStateException threw(
      String backend, Path file, String name, Exception thrown) {
    return broken(backend, file, name + " threw " + Printable.line(thrown.toString()), thrown);
  }

  /** Makes the exception for what a backend did against its contract. */
  static IllegalStateException broken(
      String backend, Path file, String what, @Nullable Exception cause) {
    return new IllegalStateException(
        file + ": backend '" + backend + "' broke its contract: " + what, cause);
  }
}
