// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.LoadEvent;
import io.fastsafetensors.LoadEvent.Kind;
import io.fastsafetensors.LoadListener;
import io.fastsafetensors.LoadReport;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.format.LoadException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Tells the loader's listener and the flight recorder what one load does, if they are there. */
final class LoadEvents {
  /** Of calls that are no loads. */
  static final LoadEvents NONE = new LoadEvents(null, 0);

  private static final Logger LOG = System.getLogger(LoadEvents.class.getName());
  private static final AtomicLong LOADS = new AtomicLong();

  /** As long as the load took. */
  private static final long ALL = -1;

  private final long load;
  private final long begun = System.nanoTime();
  private final AtomicBoolean isOver = new AtomicBoolean();
  private volatile @Nullable LoadListener listener;

  private LoadEvents(@Nullable LoadListener listener, long load) {
    this.listener = listener;
    this.load = load;
  }

  /** Tells that a load begins. */
  static LoadEvents begin(@Nullable LoadListener listener) {
    LoadEvents events = new LoadEvents(listener, LOADS.incrementAndGet());
    events.tell(Kind.BEGUN, 0, event -> event);
    return events;
  }

  /** Tells of a block that is in its place. */
  void read(Path file, TransferPath path, long offset, long bytes, long nanos) {
    FlightEvents.blockRead(file, path, offset, bytes, nanos);
    tell(Kind.READ, nanos, event -> event.file(file).path(path).range(offset, bytes));
  }

  /** Does work, and tells of it, also if it fails. */
  <T> T during(Kind kind, @Nullable Path file, long bytes, BoundedCall.Work<T> work)
      throws LoadException {
    long start = System.nanoTime();
    try {
      return work.run();
    } finally {
      done(kind, file, bytes, System.nanoTime() - start);
    }
  }

  /** Tells of work, or of waiting, that has just ended. */
  void done(Kind kind, @Nullable Path file, long bytes, long nanos) {
    FlightEvents.phase(kind, file, bytes, nanos);
    tell(
        kind,
        nanos,
        event -> file == null ? event.range(0, bytes) : event.file(file).range(0, bytes));
  }

  /** Tells once that the load has succeeded. */
  void ended(LoadReport report) {
    if (isOver.compareAndSet(false, true)) {
      tell(Kind.ENDED, ALL, event -> event.report(report));
    }
  }

  /** Tells once that the load has failed. */
  void failed(Throwable failure) {
    if (isOver.compareAndSet(false, true)) {
      tell(Kind.ENDED, ALL, event -> event.failure(failure));
    }
  }

  /** Adds what is known of an event. */
  private interface Details {
    LoadEvent.Builder addTo(LoadEvent.Builder event);
  }

  private void tell(Kind kind, long nanos, Details details) {
    LoadListener hearer = listener;
    if (hearer == null) {
      return;
    }
    long now = System.nanoTime() - begun;
    long time = nanos == ALL ? now : Math.min(nanos, now);
    LoadEvent.Builder event =
        LoadEvent.builder(load, kind)
            .thread(Thread.currentThread().getName())
            .time(Duration.ofNanos(now - time), Duration.ofNanos(time));
    try {
      hearer.onEvent(details.addTo(event).build());
    } catch (Throwable e) { // also a checked one, of a language that doesn't check
      listener = null;
      LOG.log(Level.WARNING, "the listener of a load threw, and hears no more of it", e);
    }
  }
}
