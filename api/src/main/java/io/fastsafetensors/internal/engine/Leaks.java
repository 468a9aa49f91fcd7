// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.internal.config.CommonSettings;
import io.fastsafetensors.internal.config.Sources;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.ref.Cleaner;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Warns of what was never closed, once the collector finds it. Where it was made is told under the
 * system property {@code io.fastsafetensors.trackLeaks=true}, since a stack trace of each is not
 * for free.
 */
final class Leaks {
  private static final Logger LOG = System.getLogger(Leaks.class.getName());
  private static final boolean TRACES = traces();
  private static final Trace OFF = new Trace(() -> "");

  private Leaks() {}

  /** A setting that is malformed is an error where loaders are made, not here. */
  private static boolean traces() {
    try {
      return Sources.current().value(CommonSettings.TRACK_LEAKS);
    } catch (IllegalArgumentException e) {
      LOG.log(Level.DEBUG, "where things were made is not kept", e);
      return false;
    }
  }

  /** What was made, where, and whether it was closed. */
  static final class Trace {
    private final AtomicBoolean closed = new AtomicBoolean();
    private final Supplier<String> description;
    private final @Nullable Throwable made;
    private Cleaner.@Nullable Cleanable cleanable;

    private Trace(Supplier<String> description) {
      this.description = description;
      this.made = TRACES ? new IllegalStateException("made here") : null;
    }

    void closed() {
      closed.set(true);
      if (cleanable != null) {
        cleanable.clean();
      }
    }

    private void report() {
      if (!closed.get()) {
        String hint =
            made == null
                ? "; -D"
                    + CommonSettings.TRACK_LEAKS.systemProperty()
                    + "=true tells where it was made"
                : "";
        LOG.log(Level.WARNING, description.get() + " was never closed" + hint, made);
      }
    }
  }

  /** Returns the trace of what needs no closing. */
  static Trace unwatched() {
    return OFF;
  }

  /**
   * Starts watching an object.
   *
   * @param description says what it is and what it holds; must not refer to the object
   */
  static Trace watch(Object object, Supplier<String> description) {
    Trace trace = new Trace(description);
    trace.cleanable = Watch.CLEANER.register(object, trace::report);
    return trace;
  }

  /** Holds the cleaner's thread back until something is watched. */
  private static final class Watch {
    private static final Cleaner CLEANER = Cleaner.create();

    private Watch() {}
  }
}
