// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.HeaderFormatException;
import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.internal.engine.DefaultCheckpointWriter;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * Saves tensors as a checkpoint: one file, or several with an index, at the speed of the disk.
 *
 * {@snippet lang = java :
 * CheckpointWriter writer = CheckpointWriter.create();
 * for (String name : buffer.keys()) {
 *   writer.add(buffer.tensor(name));
 * }
 * SaveReport report =
 *     writer.write(folder, SaveOptions.builder().dtype(DType.BF16).maxShardBytes(2L << 30).build());
 * }
 *
 * <h2>What is written</h2>
 *
 * <p>The target is a folder, in which the files begin with {@code model}; or a path that ends with
 * {@code .safetensors}, whose name is taken instead. If all tensors fit into {@link
 * SaveOptions#maxShardBytes}, there is one file, {@code model.safetensors}. Otherwise there are
 * {@code model-00001-of-00003.safetensors} and so on, and the index {@code
 * model.safetensors.index.json}, as Hugging Face's tools write them. The same tensors, added in the
 * same order, give the same bytes.
 *
 * <h2>What may happen meanwhile</h2>
 *
 * <p>The files are written beside their places and brought to the disk; then they get their names,
 * the index last. So at each moment, also if the process is killed or the power fails, the folder
 * has the old checkpoint, whole, or the new one, to readers that go by the index, or by the name of
 * the one file. After a failure the old checkpoint is as it was, and nothing else is left. What a
 * killed process left is deleted by the next save into the folder, which notes it.
 *
 * <p>Files of the old checkpoint are deleted once the new one stands, if the old index named them,
 * or if they are the one file that the new files replace. Others stay. Files that are replaced
 * leave their mode to the new ones, and their owner and group if this process may give them; files
 * of a replaced checkpoint do so for all new ones. Links to files are replaced, not followed; a
 * link to the target folder is followed. Both checkpoints are on the disk at the end of a save: it
 * is an error before the first byte if there is not enough space. Two saves into one folder at a
 * time are an error of the second.
 *
 * <h2>In a group</h2>
 *
 * <p>The ranks of a {@link ProcessGroup} save one checkpoint together: each adds what it has, whole
 * tensors or parts of them, and writes that into files that all share.
 *
 * {@snippet lang = java :
 * CheckpointWriter writer = CheckpointWriter.create(group);
 * for (String name : buffer.keys()) { // loaded with Selection.of(Part.shard(0))
 *   writer.addPart(name, buffer.info(name).shape(), Part.shard(0), buffer.tensor(name));
 * }
 * SaveReport report = writer.write(folder); // on all ranks
 * }
 *
 * <p>Tensors are put into files in the order of the bytes of their names in UTF-8, so that the
 * bytes don't depend on how many ranks there are and who has what: they are those that one process
 * writes to which the whole tensors are added in that order. Each element has to be there once; of
 * tensors that several ranks have alike, {@link SaveOptions.Builder#replicated} lets one rank write
 * them. Ranks that disagree, also in the options that say what is written, all fail with a {@link
 * CollectiveException} before the first byte.
 *
 * <p>{@link #write}, {@link #begin}, {@link CheckpointSave#finish} and the closing of a save that
 * was not finished are calls of all ranks. A rank waits for the others as long as the save may take
 * and the group's timeout besides. What fails on one rank fails on all of them, the others with a
 * {@code CollectiveException} that names the rank: the old checkpoint stays as it was. If a rank is
 * lost after all have written, those that can't learn of the end say so: the folder then has the
 * old checkpoint or the new one, whole. All ranks need the same folder, on one host or on a file
 * system that their hosts share, and may name it by paths of their own. Rank 0 makes and renames
 * the files: they are its user's, and the others must be allowed to write to them. Ranks of several
 * hosts write to different bytes of the same page of a file, where what they have meets: file
 * systems for that purpose, such as Lustre or CephFS, keep them apart; NFS doesn't promise it.
 *
 * <p>Not for use by several threads at once. Holds no resource between calls; tensors and memory
 * given to it stay the caller's.
 *
 * @since 0.1
 */
public sealed interface CheckpointWriter permits DefaultCheckpointWriter {
  /**
   * Makes a writer without tensors.
   *
   * @return the writer
   */
  static CheckpointWriter create() {
    return Engines.get().checkpointWriter();
  }

  /**
   * Makes a rank's writer without tensors, which saves together with those of the other ranks.
   *
   * @param group the ranks; stays the caller's, and must be open while a save lasts
   * @return the writer
   */
  static CheckpointWriter create(ProcessGroup group) {
    return Engines.get().checkpointWriter(group);
  }

  /**
   * Adds a tensor of any device under its own name.
   *
   * @param tensor the tensor; it is held while it is written, so that it may be closed meanwhile
   * @return this writer
   * @throws IllegalArgumentException if no reader could give the tensor back: the name is {@code
   *     __metadata__}, was added before or has no UTF-8 form
   */
  default CheckpointWriter add(Tensor tensor) {
    return add(tensor.name(), tensor);
  }

  /**
   * Adds a tensor of any device under another name; otherwise as {@link #add(Tensor)}.
   *
   * @param name the name, unique in the checkpoint; may be empty
   * @param tensor the tensor
   * @return this writer
   * @throws IllegalArgumentException as {@link #add(Tensor)}
   */
  CheckpointWriter add(String name, Tensor tensor);

  /**
   * Adds a tensor that is in memory.
   *
   * @param name the name, unique in the checkpoint; may be empty
   * @param dtype the element type
   * @param shape the dimensions
   * @param bytes the elements, packed, little-endian, in native memory or an array of any type, of
   *     exactly the tensor's size; must be alive and unchanged while they are written. Memory that
   *     is confined to a thread is read by that thread, which has to be the one that writes
   * @return this writer
   * @throws IllegalArgumentException if the segment has another size; the bytes overflow or aren't
   *     whole; or as {@link #add(Tensor)}
   */
  CheckpointWriter add(String name, DType dtype, Shape shape, MemorySegment bytes);

  /**
   * Adds a tensor whose bytes are asked for when they are written.
   *
   * @param name the name, unique in the checkpoint; may be empty
   * @param dtype the element type of what the source gives
   * @param shape the dimensions
   * @param source gives the bytes; called once for each save, by any thread, while others are asked
   *     for theirs
   * @return this writer
   * @throws IllegalArgumentException if the bytes overflow or aren't whole; or as {@link
   *     #add(Tensor)}
   */
  CheckpointWriter add(String name, DType dtype, Shape shape, SafetensorsWriter.Source source);

  /**
   * Declares a tensor whose bytes are brought to the save by {@link CheckpointSave#put}, as those
   * of a {@link TensorStream} are.
   *
   * @param name the name, unique in the checkpoint; may be empty
   * @param dtype the element type of what is brought
   * @param shape the dimensions
   * @return this writer
   * @throws IllegalArgumentException if the bytes overflow or aren't whole; or as {@link
   *     #add(Tensor)}
   */
  CheckpointWriter declare(String name, DType dtype, Shape shape);

  /**
   * Adds a part of a tensor, of any device. Other parts of the tensor may be added by other ranks,
   * or by this one, if they don't overlap.
   *
   * @param name the tensor's name, unique in the checkpoint; may be empty
   * @param whole the dimensions of the whole tensor, of which all ranks say the same
   * @param part which part it is: whole, a shard, which is this rank's unless it says which, or a
   *     slice, also of several dimensions
   * @param tensor the elements of the part; held while they are written
   * @return this writer
   * @throws IllegalArgumentException if the tensor has no such part, the part has another shape, or
   *     it was added before; the whole tensor was added with another type or shape; its bytes
   *     overflow, or the part doesn't start and end on whole bytes; or as {@link #add(Tensor)}
   */
  CheckpointWriter addPart(String name, Shape whole, Part part, Tensor tensor);

  /**
   * Adds a part of a tensor that is in memory; otherwise as {@link #addPart(String, Shape, Part,
   * Tensor)}.
   *
   * @param name the tensor's name, unique in the checkpoint; may be empty
   * @param dtype the element type
   * @param whole the dimensions of the whole tensor
   * @param part which part it is
   * @param bytes the elements of the part, as for {@link #add(String, DType, Shape, MemorySegment)}
   * @return this writer
   * @throws IllegalArgumentException as {@link #addPart(String, Shape, Part, Tensor)}, or if the
   *     segment has another size
   */
  CheckpointWriter addPart(String name, DType dtype, Shape whole, Part part, MemorySegment bytes);

  /**
   * Declares a part of a tensor, the only one that this rank has, whose bytes are brought to the
   * save by {@link CheckpointSave#put}: those of the part, as a {@link TensorStream} of a {@link
   * Selection} gives them.
   *
   * @param name the tensor's name, unique in the checkpoint; may be empty
   * @param dtype the element type of what is brought
   * @param whole the dimensions of the whole tensor
   * @param part which part it is, as for {@link #addPart(String, Shape, Part, Tensor)}
   * @return this writer
   * @throws IllegalArgumentException as {@link #addPart(String, Shape, Part, Tensor)}
   */
  CheckpointWriter declarePart(String name, DType dtype, Shape whole, Part part);

  /**
   * Saves with {@link SaveOptions#defaults}; otherwise as {@link #write(Path, SaveOptions)}.
   *
   * @param target a folder, or a path that ends with {@code .safetensors}
   * @return what was done
   * @throws IOException as {@link #write(Path, SaveOptions)}
   */
  default SaveReport write(Path target) throws IOException {
    return write(target, SaveOptions.defaults());
  }

  /**
   * Saves all tensors; blocks until they are on the disk. May be called again, also after a
   * failure.
   *
   * @param target a folder, which is made if there is none, in an existing folder; or a path that
   *     ends with {@code .safetensors}, in an existing folder
   * @param options how to save
   * @return what was done
   * @throws HeaderFormatException if a header is longer than 100,000,000 bytes
   * @throws LoadCancelledException if it takes too long, is cancelled, or this thread is
   *     interrupted, which it stays
   * @throws CollectiveException in a group, if ranks disagree, or another one fails or is lost
   * @throws IOException if a tensor's bytes can't be had, or the files can't be written; the old
   *     checkpoint is unchanged then, and nothing else is left
   * @throws IllegalArgumentException if a tensor was only declared or can't be converted as the
   *     options say, its parts overlap or aren't all of it, a pattern of the options matches none,
   *     or a tensor is mapped from a file that would be replaced
   * @throws IllegalStateException if a tensor has ended
   */
  default SaveReport write(Path target, SaveOptions options) throws IOException {
    try (CheckpointSave save = begin(target, options)) {
      return save.finish();
    }
  }

  /**
   * Begins a save to which bytes are brought: makes the files, and writes nothing yet.
   *
   * @param target as for {@link #write(Path, SaveOptions)}
   * @param options how to save
   * @return the save; the caller closes it, which discards it unless it is finished
   * @throws HeaderFormatException as {@link #write(Path, SaveOptions)}
   * @throws CollectiveException as {@link #write(Path, SaveOptions)}
   * @throws IOException if the files can't be made
   * @throws IllegalArgumentException as {@link #write(Path, SaveOptions)}, but for tensors that
   *     were declared
   * @throws IllegalStateException if a tensor has ended
   */
  CheckpointSave begin(Path target, SaveOptions options) throws IOException;
}
