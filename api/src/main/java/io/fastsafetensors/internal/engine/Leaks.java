// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.ref.Cleaner;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Reports what was never closed, with the place where it was made; on under the system property
 * {@code io.fastsafetensors.trackLeaks=true}, for tests.
 */
final class Leaks {
  private static final Logger LOG = System.getLogger(Leaks.class.getName());
  private static final boolean ON = Boolean.getBoolean("io.fastsafetensors.trackLeaks");

  private Leaks() {}

  /** Where something was made, and whether it was closed. */
  static final class Trace {
    private static final Trace OFF = new Trace();

    private final AtomicBoolean closed = new AtomicBoolean();

    private Trace() {}

    void closed() {
      if (this != OFF) {
        closed.set(true);
      }
    }
  }

  /** Returns the trace of what needs no closing. */
  static Trace unwatched() {
    return Trace.OFF;
  }

  /** Starts watching an object. */
  static Trace watch(Object object, String description) {
    return ON ? Watch.start(object, description) : Trace.OFF;
  }

  /** Holds the cleaner's thread back until something is watched. */
  private static final class Watch {
    private static final Cleaner CLEANER = Cleaner.create();

    private Watch() {}

    static Trace start(Object object, String description) {
      Trace trace = new Trace();
      Throwable made = new IllegalStateException("made here");
      CLEANER.register(object, () -> report(trace, description, made));
      return trace;
    }

    private static void report(Trace trace, String description, Throwable made) {
      if (!trace.closed.get()) {
        LOG.log(Level.WARNING, description + " was never closed", made);
      }
    }
  }
}
