// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.TensorInfo;
import io.fastsafetensors.internal.engine.DefaultFileBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Loaded files: tensors on demand.
 *
 * <p>In a group of several ranks the tensor methods are collective: all ranks call the same in the
 * same order, and their results are copies that the caller closes. Each call begins with a small
 * exchange in which the ranks make sure that they ask for the same and that none refuses; {@link
 * #all} needs it once for many tensors. After another failure the group can only be closed. In a
 * group of one they return views wherever no byte has to move. A group's ranks release a file's
 * memory once all its tensors have been given out; asking for one again is an {@code
 * IllegalStateException}, unless {@link LoadOptions#cache} is on. In a group of one a buffer is
 * thread-safe.
 *
 * <p>A buffer that is dropped without {@link #close} keeps its memory. A warning with its size is
 * logged when the garbage collector finds it; with the system property {@code
 * io.fastsafetensors.trackLeaks=true} it says where the buffer was made.
 *
 * @since 0.1
 */
public sealed interface FileBuffer extends AutoCloseable permits DefaultFileBuffer {
  /**
   * Returns the names of all tensors loaded, on all ranks.
   *
   * @return the names, in the order of ranks, files and bytes; unmodifiable
   */
  Set<String> keys();

  /**
   * Returns what the file says of a tensor.
   *
   * @param name the tensor
   * @return its entry, on every rank
   * @throws java.util.NoSuchElementException if there is no such tensor; it names the nearest
   */
  TensorInfo info(String name);

  /**
   * Returns which file a tensor is in.
   *
   * @param name the tensor
   * @return the file's path on the rank that owns it
   * @throws java.util.NoSuchElementException if there is no such tensor; it names the nearest
   */
  Path file(String name);

  /**
   * Returns a file's metadata.
   *
   * @param file a path as it was added
   * @return the {@code __metadata__} of its header, on every rank; empty if it has none
   * @throws java.util.NoSuchElementException if no such file was loaded
   */
  Map<String, String> metadata(Path file);

  /**
   * Returns a whole tensor; in a group the owner broadcasts it.
   *
   * @param name the tensor
   * @return a view in a group of one, else a copy
   * @throws LoadException if a rank or a device fails
   * @throws java.util.NoSuchElementException if there is no such tensor; it names the nearest
   * @throws IllegalStateException if this buffer is closed or the tensor was released
   */
  Tensor tensor(String name) throws LoadException;

  /**
   * Returns a whole tensor, converted.
   *
   * @param name the tensor
   * @param dtype the type wanted, also a larger one
   * @return a view if nothing had to move, else a copy
   * @throws LoadException if a rank or a device fails
   * @throws IllegalArgumentException if the device doesn't know this conversion
   * @throws java.util.NoSuchElementException if there is no such tensor; it names the nearest
   * @throws IllegalStateException if this buffer is closed or the tensor was released
   */
  Tensor tensor(String name, DType dtype) throws LoadException;

  /**
   * Returns this rank's part of a tensor: with S the size of the dimension, N ranks and b = ceil(S
   * / N), rank r gets [r*b, min((r+1)*b, S)). A rank past the end gets a dimension of 0.
   *
   * @param name the tensor
   * @param dim the dimension to cut, from 0
   * @return a view in a group of one, else a copy
   * @throws LoadException if a rank or a device fails
   * @throws IllegalArgumentException if there is no such dimension, or if elements smaller than a
   *     byte can't be cut there
   * @throws java.util.NoSuchElementException if there is no such tensor; it names the nearest
   * @throws IllegalStateException if this buffer is closed or the tensor was released
   */
  Tensor sharded(String name, int dim) throws LoadException;

  /**
   * Returns this rank's part of a tensor, converted.
   *
   * @param name the tensor
   * @param dim the dimension to cut, from 0
   * @param dtype the type wanted, also a larger one
   * @return a view if nothing had to move, else a copy
   * @throws LoadException if a rank or a device fails
   * @throws IllegalArgumentException as {@link #sharded(String, int)}, or if the device doesn't
   *     know this conversion
   * @throws java.util.NoSuchElementException if there is no such tensor; it names the nearest
   * @throws IllegalStateException if this buffer is closed or the tensor was released
   */
  Tensor sharded(String name, int dim, DType dtype) throws LoadException;

  /**
   * Gives a whole tensor to one rank.
   *
   * @param name the tensor
   * @param rank who gets it
   * @return on that rank the tensor: a view in a group of one, else a copy; elsewhere empty
   * @throws LoadException if a rank or a device fails
   * @throws IllegalArgumentException if there is no such rank
   * @throws java.util.NoSuchElementException if there is no such tensor; it names the nearest
   * @throws IllegalStateException if this buffer is closed or the tensor was released
   */
  Optional<Tensor> push(String name, int rank) throws LoadException;

  /**
   * Gives a whole tensor, converted, to one rank.
   *
   * @param name the tensor
   * @param rank who gets it
   * @param dtype the type wanted, also a larger one
   * @return on that rank the tensor; elsewhere empty
   * @throws LoadException if a rank or a device fails
   * @throws IllegalArgumentException if there is no such rank, or the device doesn't know this
   *     conversion
   * @throws java.util.NoSuchElementException if there is no such tensor; it names the nearest
   * @throws IllegalStateException if this buffer is closed or the tensor was released
   */
  Optional<Tensor> push(String name, int rank, DType dtype) throws LoadException;

  /**
   * Returns this rank's parts of several tensors as one tensor, in the order asked for.
   *
   * @param names the tensors: of one type, and of equal size in every dimension but {@code dim}
   * @param dim the dimension to cut and to join along, from 0
   * @return a copy
   * @throws LoadException if a rank or a device fails
   * @throws IllegalArgumentException if there is none, or types, shapes or the dimension don't fit
   * @throws java.util.NoSuchElementException if there is no such tensor; it names the nearest
   * @throws IllegalStateException if this buffer is closed or a tensor was released
   */
  Tensor concatenatedShards(List<String> names, int dim) throws LoadException;

  /**
   * Returns this rank's parts of several tensors, converted, as one tensor.
   *
   * @param names the tensors: of one type, and of equal size in every dimension but {@code dim}
   * @param dim the dimension to cut and to join along, from 0
   * @param dtype the type wanted, also a larger one
   * @return a copy
   * @throws LoadException if a rank or a device fails
   * @throws IllegalArgumentException as {@link #concatenatedShards(List, int)}, or if the device
   *     doesn't know this conversion
   * @throws java.util.NoSuchElementException if there is no such tensor; it names the nearest
   * @throws IllegalStateException if this buffer is closed or a tensor was released
   */
  Tensor concatenatedShards(List<String> names, int dim, DType dtype) throws LoadException;

  /**
   * Returns many tensors with few exchanges.
   *
   * <p>Results of one exchange share memory, which is freed with the last of them.
   *
   * @param dims which: the dimension to cut for {@link #sharded}, or {@link #WHOLE}; all ranks give
   *     the same, in any order
   * @return the tensors, in the order of the map
   * @throws LoadException if a rank or a device fails: nothing is left behind
   * @throws IllegalArgumentException if a dimension doesn't fit
   * @throws java.util.NoSuchElementException if there is no such tensor; it names the nearest
   * @throws IllegalStateException if this buffer is closed or a tensor was released
   */
  Map<String, Tensor> all(Map<String, Integer> dims) throws LoadException;

  /**
   * Returns many tensors, converted, with few exchanges.
   *
   * @param dims which, as in {@link #all(Map)}
   * @param dtype the type wanted for all
   * @return the tensors, in the order of the map
   * @throws LoadException if a rank or a device fails: nothing is left behind
   * @throws IllegalArgumentException as {@link #all(Map)}, or if the device doesn't know this
   *     conversion
   * @throws java.util.NoSuchElementException if there is no such tensor; it names the nearest
   * @throws IllegalStateException if this buffer is closed or a tensor was released
   */
  Map<String, Tensor> all(Map<String, Integer> dims, DType dtype) throws LoadException;

  /** In {@link #all(Map)}, the dimension that stands for a whole tensor. */
  int WHOLE = -1;

  /**
   * Returns what the load did on this rank, and why.
   *
   * @return the report
   */
  LoadReport report();

  /**
   * Ends all views and frees the files' memory. Copies live on. A second call does nothing.
   *
   * @throws IllegalStateException if an I/O operation of the JDK is using a view's memory right
   *     now; what could be freed was, and the call can be repeated
   */
  @Override
  void close();
}
