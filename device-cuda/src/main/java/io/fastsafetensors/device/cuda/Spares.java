// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda;

import io.fastsafetensors.format.LoadException;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Handles that are used again, since making one takes the driver long. Thread-safe.
 *
 * @param <T> what kind of handle
 */
final class Spares<T> implements AutoCloseable {
  /** Makes a handle. */
  @FunctionalInterface
  interface Maker<T> {
    T make() throws LoadException;
  }

  private final Queue<T> idle = new ConcurrentLinkedQueue<>();
  private final Maker<T> maker;
  private final Consumer<T> breaker;

  Spares(Maker<T> maker, Consumer<T> breaker) {
    this.maker = maker;
    this.breaker = breaker;
  }

  /** Returns a handle that nobody uses. */
  T take() throws LoadException {
    T spare = idle.poll();
    return spare == null ? maker.make() : spare;
  }

  /** Takes a handle back that is as good as new. */
  void giveBack(T handle) {
    idle.add(handle);
  }

  /** Takes a handle back that is not. */
  void scrap(T handle) {
    breaker.accept(handle);
  }

  /** Destroys what nobody uses. */
  @Override
  public void close() {
    for (@Nullable T spare = idle.poll(); spare != null; spare = idle.poll()) {
      breaker.accept(spare);
    }
  }
}
