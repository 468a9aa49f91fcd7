// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.internal.engine.DefaultCheckpointSave;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * A save of a {@link CheckpointWriter} that is under way. Bytes of tensors that were declared are
 * brought in any order; those of all others are written by {@link #finish}.
 *
 * {@snippet lang = java :
 * CheckpointWriter writer = CheckpointWriter.create();
 * headers.forEach(h -> h.tensors().forEach(t -> writer.declare(t.name(), t.dtype(), t.shape())));
 * try (TensorStream stream = loader.stream();
 *     CheckpointSave save = writer.begin(folder, SaveOptions.defaults())) {
 *   stream.consume(save::put);
 *   SaveReport report = save.finish();
 * }
 * }
 *
 * <p>In a group each rank brings what it declared; {@code put} waits for no other rank.
 *
 * <p>{@code put} is thread-safe; memory given to it is copied, converted if the options say so, and
 * not touched after it has returned. It blocks while the disk is slower than what is brought.
 *
 * @since 0.1
 */
public sealed interface CheckpointSave extends AutoCloseable permits DefaultCheckpointSave {
  /**
   * Brings a tensor, or a piece of one, under its own name.
   *
   * @param tensor the tensor, which stays the caller's
   * @throws IOException if it can't be read or written; the save has failed then
   * @throws LoadCancelledException if the save takes too long, is cancelled, or this thread is
   *     interrupted, which it stays
   * @throws IllegalArgumentException if no such tensor was declared, its type or shape is another,
   *     or bytes of it were brought before; or its file would be replaced. The save goes on
   */
  default void put(StreamedTensor tensor) throws IOException {
    put(tensor.name(), tensor);
  }

  /**
   * Brings a tensor, or a piece of one, under another name; otherwise as {@link
   * #put(StreamedTensor)}.
   *
   * @param name the name that was declared
   * @param tensor the tensor, which stays the caller's
   * @throws IOException as {@link #put(StreamedTensor)}
   */
  void put(String name, StreamedTensor tensor) throws IOException;

  /**
   * Brings neighbouring bytes of a tensor; otherwise as {@link #put(StreamedTensor)}.
   *
   * @param name the name that was declared
   * @param offset where they start in the tensor, or in the part that was declared, in bytes of the
   *     declared type
   * @param bytes whole elements, packed, little-endian, in native memory or an array
   * @throws IOException as {@link #put(StreamedTensor)}
   */
  void put(String name, long offset, MemorySegment bytes) throws IOException;

  /** {@return the folder that is written to} */
  Path folder();

  /**
   * Writes what is left, and has the new checkpoint take the place of the old one; blocks until it
   * is on the disk. All ranks of a group call it.
   *
   * @return what was done
   * @throws CollectiveException as {@link CheckpointWriter#write(Path, SaveOptions)}
   * @throws IOException if bytes of a declared tensor were not brought, a tensor's bytes can't be
   *     had, or the files can't be written; the old checkpoint is unchanged then
   * @throws LoadCancelledException as {@link #put(StreamedTensor)}
   * @throws IllegalStateException if the save is closed, or was finished
   */
  SaveReport finish() throws IOException;

  /**
   * Ends the save. Unless it was finished, the old checkpoint is as it was, and nothing is left;
   * the other ranks of a group, which hear of it once they finish or close theirs, are waited for.
   */
  @Override
  void close();
}
