// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.SafetensorsHeader;
import io.fastsafetensors.format.TensorInfo;
import io.fastsafetensors.internal.engine.DefaultFileBuffer;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
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
 * <p><b>While a load is under way.</b> A buffer that {@link Loader#begin} returned has each tensor
 * as soon as its own bytes are there. Methods that give out tensors wait for the tensors asked for,
 * which are read before others from then on; a converted one ({@link LoadOptions#dtype}) is there
 * when its file is, rows that are gathered ({@link LoadOptions#selection}) when all of their file
 * are. In a group each rank waits for what it reads itself, and the others wait for it. Such a wait
 * ends at the load's timeout. An interrupt ends the wait, not the load. If the load fails, tensors
 * that were there stay valid and can be asked for; asking for others throws what happened.
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
   * Lists all tensors loaded, on all ranks.
   *
   * @return what the files say of each, in the order of {@link #keys}; unmodifiable
   */
  List<TensorInfo> tensors();

  /**
   * Lists the files of all ranks, with their metadata.
   *
   * @return the headers, in the order of ranks, and within a rank as added; all tensors of a file
   *     are in its header, also those that a filter left out; unmodifiable
   */
  List<SafetensorsHeader> files();

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
   * Returns a whole tensor, as it was loaded; otherwise as {@link #tensor(String, TensorOptions)}.
   *
   * @param name the tensor
   * @return a view in a group of one, else a copy
   * @throws LoadException if a rank or a device fails
   * @throws java.util.NoSuchElementException if there is no such tensor; it names the nearest
   * @throws IllegalStateException if this buffer is closed or the tensor was released
   */
  default Tensor tensor(String name) throws LoadException {
    return tensor(name, TensorOptions.defaults());
  }

  /**
   * Returns this rank's part of a tensor. A whole one is broadcast by its owner to all ranks, a
   * shard scattered.
   *
   * @param name the tensor
   * @param options which part, and in which type
   * @return a view in a group of one if nothing is converted, else a copy
   * @throws LoadException if a rank or a device fails
   * @throws IllegalArgumentException if there is no such dimension, elements smaller than a byte
   *     can't be cut there, or the device doesn't know this conversion
   * @throws java.util.NoSuchElementException if there is no such tensor; it names the nearest
   * @throws IllegalStateException if this buffer is closed or the tensor was released
   */
  Tensor tensor(String name, TensorOptions options) throws LoadException;

  /**
   * Sends a tensor, or that rank's part of it, to one rank; all ranks call it.
   *
   * @param name the tensor
   * @param receiver the rank that gets it
   * @param options which part, and in which type; of a shard it is the receiver's
   * @return on the receiver what {@link #tensor(String, TensorOptions)} would be there; elsewhere
   *     empty
   * @throws LoadException if a rank or a device fails
   * @throws IllegalArgumentException if there is no such rank, or as {@link #tensor(String,
   *     TensorOptions)}
   * @throws java.util.NoSuchElementException if there is no such tensor; it names the nearest
   * @throws IllegalStateException if this buffer is closed or the tensor was released
   */
  Optional<Tensor> send(String name, int receiver, TensorOptions options) throws LoadException;

  /**
   * Concatenates this rank's parts of several tensors, in the order asked for.
   *
   * @param names the tensors; their parts are of one type, and of equal size in every dimension but
   *     {@code dim}
   * @param dim the dimension to join along, from 0
   * @param options which part of each, and in which type; the cut may be along another dimension
   * @return a copy
   * @throws LoadException if a rank or a device fails
   * @throws IllegalArgumentException if there is no name, or types, shapes or a dimension don't
   *     fit, or the device doesn't know this conversion
   * @throws java.util.NoSuchElementException if there is no such tensor; it names the nearest
   * @throws IllegalStateException if this buffer is closed or a tensor was released
   */
  Tensor concatenate(List<String> names, int dim, TensorOptions options) throws LoadException;

  /**
   * Returns this rank's parts of many tensors with few exchanges.
   *
   * <p>Results of one exchange share memory, which is freed with the last of them.
   *
   * @param wanted the tensors, and how each is wanted; all ranks give the same, in any order
   * @return the tensors, in the order of the map
   * @throws LoadException if a rank or a device fails: nothing is left behind
   * @throws IllegalArgumentException as {@link #tensor(String, TensorOptions)}
   * @throws java.util.NoSuchElementException if there is no such tensor; it names the nearest
   * @throws IllegalStateException if this buffer is closed or a tensor was released
   */
  Map<String, Tensor> all(Map<String, TensorOptions> wanted) throws LoadException;

  /**
   * Returns this rank's parts of many tensors that are wanted alike; otherwise as {@link
   * #all(Map)}.
   *
   * @param names the tensors, such as {@link #keys}; all ranks give the same, in any order
   * @param options which part of each, and in which type
   * @return the tensors, in the order of the names
   * @throws LoadException if a rank or a device fails: nothing is left behind
   * @throws IllegalArgumentException as {@link #tensor(String, TensorOptions)}
   * @throws java.util.NoSuchElementException if there is no such tensor; it names the nearest
   * @throws IllegalStateException if this buffer is closed or a tensor was released
   */
  default Map<String, Tensor> all(Collection<String> names, TensorOptions options)
      throws LoadException {
    Map<String, TensorOptions> wanted = LinkedHashMap.newLinkedHashMap(names.size());
    names.forEach(name -> wanted.put(name, options));
    return all(wanted);
  }

  /**
   * Tells whether a tensor is there, on this rank alone; never waits.
   *
   * @param name the tensor
   * @return true if {@link #tensor(String)} would not wait for its bytes; of a tensor that another
   *     rank reads only once {@link #awaitAll} has returned. Always true after {@link
   *     Loader#load()}
   * @throws java.util.NoSuchElementException if there is no such tensor; it names the nearest
   * @throws IllegalStateException if this buffer is closed
   */
  boolean isLoaded(String name);

  /**
   * Waits until every tensor is there; in a group on all ranks, which all call it. Returns at once
   * after {@link Loader#load()}.
   *
   * @throws LoadException what the load failed with, on this rank or another
   * @throws LoadCancelledException if the load was cancelled or is late, or this thread is
   *     interrupted, which it stays
   * @throws IllegalStateException if this buffer is closed
   */
  void awaitAll() throws LoadException;

  /**
   * Returns what the load did on this rank, and why.
   *
   * @return the report; while a load is under way of the files that are there
   */
  LoadReport report();

  /**
   * Ends all views and frees the files' memory. Copies live on. A second call does nothing.
   *
   * <p>A load that is under way ends as {@link Cancellation} ends it; this waits for that, and at
   * most some seconds for reads that hang: what they may still write to is freed when they end.
   *
   * @throws java.io.UncheckedIOException if the load failed, and no method of this buffer has told
   *     so: all is freed. It is not thrown for a load that this call or the program itself ended
   * @throws IllegalStateException if an I/O operation of the JDK is using a view's memory right
   *     now; what could be freed was, and the call can be repeated
   */
  @Override
  void close();
}
