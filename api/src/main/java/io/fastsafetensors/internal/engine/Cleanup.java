// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Ends things one after the other, each whatever the others throw. */
final class Cleanup {
  private Cleanup() {}

  /**
   * Ends all of them, then throws what the first threw, the others' exceptions suppressed in it.
   */
  static <T> void each(Iterable<? extends T> items, Consumer<? super T> end) {
    Throwable first = null;
    for (T item : items) {
      try {
        end.accept(item);
      } catch (RuntimeException | Error e) {
        first = join(first, e);
      }
    }
    rethrow(first);
  }

  /** Takes all steps, then throws as {@link #each} does. */
  static void all(Runnable... steps) {
    each(List.of(steps), Runnable::run);
  }

  /** Takes all steps after a failure; what they throw is suppressed in it. */
  static void after(Throwable failure, Runnable... steps) {
    try {
      all(steps);
    } catch (RuntimeException | Error e) {
      join(failure, e);
    }
  }

  private static Throwable join(@Nullable Throwable first, Throwable next) {
    if (first == null) {
      return next;
    }
    if (!first.equals(next)) {
      first.addSuppressed(next);
    }
    return first;
  }

  /** Throws what was caught before, if anything was. */
  static void rethrow(@Nullable Throwable failure) {
    switch (failure) {
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      case null, default -> {}
    }
  }
}
