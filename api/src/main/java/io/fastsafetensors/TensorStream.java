// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.engine.DefaultTensorStream;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/**
 * The tensors of a loader one after the other, in a window of memory that is used again and again.
 * While one is used, the next are read, exchanged between ranks, and converted.
 *
 * {@snippet lang = java :
 * try (TensorStream stream = loader.stream()) {
 *   for (StreamedTensor next : stream) {
 *     try (next) {
 *       use(next.name(), next.tensor());
 *     }
 *   }
 * }
 * }
 *
 * <p>Tensors come in one order: as they are stored, unless {@link StreamOptions.Builder#order} says
 * otherwise; in a group the same on all ranks. The window holds what is read ahead and what was
 * given out and not closed. Small tensors that are neighbours share memory, about an eighth of the
 * window: it is free when all of them are closed. A consumer that is slow stops the reading at the
 * window's edge.
 *
 * <p>A failure is thrown where the tensor would have come that could not be read, after all before
 * it; those that were given out stay valid. To end a stream early is to close it. A loader's {@code
 * stream} may be called again for another pass.
 *
 * <p>In a group whose ranks see the same files, each goes on by itself once the stream has begun.
 * Where ranks read for each other ({@link LoadReport#distribution}), all take the same steps: the
 * slowest consumer bounds the others, and if one rank fails or closes its stream early, the others
 * hear of it as a {@link CollectiveException}. Nothing else uses the group until all have ended.
 *
 * <p>Thread-safe: several threads may take tensors, and close them in any order.
 *
 * @since 0.1
 */
public sealed interface TensorStream extends Iterable<StreamedTensor>, AutoCloseable
    permits DefaultTensorStream {
  /**
   * Returns the next tensor, or the next piece of one. Blocks until its bytes are there.
   *
   * @return the tensor, which the caller closes; empty at the end
   * @throws LoadException if it can't be read, converted or exchanged; the next call throws it
   *     again
   * @throws LoadCancelledException if it takes longer than the timeout of the options, their switch
   *     was used, the loader was closed, or this thread is interrupted, which it stays
   * @throws IllegalStateException if the stream is closed; or if tensors that are not closed leave
   *     no room in the window for {@link StreamOptions#heldTimeout}
   */
  Optional<StreamedTensor> next() throws LoadException;

  /**
   * Returns an iterator over what {@link #next} has left to give: a stream is passed through once.
   *
   * @return the iterator, whose {@code hasNext} blocks; a {@link LoadException} comes as the cause
   *     of an {@link UncheckedIOException}
   */
  @Override
  Iterator<StreamedTensor> iterator();

  /**
   * Takes tensors.
   *
   * @param <X> what it throws
   * @since 0.1
   */
  @FunctionalInterface
  interface Taker<X extends Exception> {
    /**
     * Uses a tensor, which is closed when this returns or throws.
     *
     * @param tensor the tensor
     * @throws X if it can't go on: the stream ends
     */
    void take(StreamedTensor tensor) throws X;
  }

  /**
   * Has all tensors taken on this thread, and each closed after that. Blocks until the end.
   *
   * @param <X> what the taker throws
   * @param taker takes them
   * @throws LoadException as {@link #next}
   * @throws X what the taker threw; the stream is closed then
   */
  <X extends Exception> void consume(Taker<X> taker) throws LoadException, X;

  /**
   * Has all tensors taken by a thread of an executor, as {@link #consume} does; returns at once.
   *
   * @param taker takes them
   * @param executor where
   * @return the future: done when all were taken, or fails as {@link #consume} does; to cancel it
   *     closes the stream
   */
  CompletableFuture<Void> consumeAsync(Taker<?> taker, Executor executor);

  /**
   * Copies all tensors into memory that the caller brings; blocks until the end. Allow {@linkplain
   * StreamOptions.Builder#pieces pieces}, and the window can be small.
   *
   * {@snippet lang = java :
   * Map<String, MemorySegment> weights = new HashMap<>();
   * stream.fill((tensor, dtype, shape, bytes) -> {
   *   MemorySegment room = arena.allocate(HEADER + bytes, 64); // for a runtime's own header
   *   weights.put(tensor.name(), room);
   *   return TensorMemory.of(room.asSlice(HEADER));
   * });
   * }
   *
   * @param allocator is asked for each tensor; what it gave stays the caller's, whatever happens
   * @return what was done
   * @throws LoadException as {@link #next}, or if the allocator threw what is no runtime exception,
   *     with that as its cause; the stream is closed then
   * @throws IllegalArgumentException if memory that was given has not the tensor's size
   */
  LoadReport fill(TensorMemory.Allocator allocator) throws LoadException;

  /**
   * Returns the memory that is used at most.
   *
   * @return bytes; of a group the smallest window of all ranks
   */
  long window();

  /**
   * Returns the most memory that was used at a time so far.
   *
   * @return bytes, never more than {@link #window}
   */
  long mostHeld();

  /**
   * Says what was done so far and why.
   *
   * @return the report
   */
  LoadReport report();

  /**
   * Ends the stream: what was read and not given out is freed. Tensors that were given out stay
   * valid. Waits a moment for reads that are under way; a second call does nothing.
   */
  @Override
  void close();
}
