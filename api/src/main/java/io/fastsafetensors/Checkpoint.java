// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import io.fastsafetensors.format.HeaderFormatException;
import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.SafetensorsHeader;
import io.fastsafetensors.internal.engine.DefaultCheckpoint;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * The files of a checkpoint, found by the one rule that {@link Loader#addCheckpoint(Path)} goes by,
 * without reading tensors; immutable.
 *
 * <p>A file is itself. An index, any {@code *.json} given by its path, names the files; a file
 * beside it that it doesn't name is left out. Of a folder, what lies in its subfolders is looked at
 * only if an index names it:
 *
 * <ol>
 *   <li>If there is one index, {@code *.safetensors.index.json} with or without a variant, it
 *       decides.
 *   <li>Without one, a numbered set such as {@code model-00001-of-00003.safetensors}, numbered from
 *       0 or from 1, is the checkpoint; all of it must be there, and no other {@code .safetensors}
 *       file.
 *   <li>Without both, all {@code .safetensors} files by name are; none may be a variant of another.
 * </ol>
 *
 * <p>Several indexes, sets or variants are an error that lists them. A <em>variant</em> chooses: it
 * is the word that Hugging Face's libraries put into a name, {@code fp16} in {@code
 * model.fp16.safetensors}, {@code model.fp16-00001-of-00002.safetensors} and {@code
 * model.safetensors.index.fp16.json}; the empty text is what has no such word. Hidden files, and
 * names that end otherwise, are left out. What downloads leave of a file that would belong to the
 * checkpoint, such as {@code *.incomplete}, {@code *.part} or a link without a target, is a fault.
 *
 * @since 0.1
 */
public sealed interface Checkpoint permits DefaultCheckpoint {
  /**
   * A file that is in the folder and not part of the checkpoint; immutable.
   *
   * @since 0.1
   */
  final class LeftOut {
    private final Path file;
    private final Reason reason;

    private LeftOut(Path file, Reason reason) {
      this.file = file;
      this.reason = reason;
    }

    /**
     * Makes an entry.
     *
     * @param file the file
     * @param reason why it is left out
     * @return the entry
     */
    public static LeftOut of(Path file, Reason reason) {
      return new LeftOut(file, reason);
    }

    /** {@return the file} */
    public Path file() {
      return file;
    }

    /**
     * Returns why it is left out.
     *
     * @return a reason in a few words: {@code file.hidden}, {@code file.other-name}, {@code
     *     file.folder}, {@code file.not-in-index}, {@code file.other-variant}, {@code
     *     file.unfinished-download} or {@code file.unfinished-write}
     */
    public Reason reason() {
      return reason;
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof LeftOut that && file.equals(that.file) && reason.equals(that.reason);
    }

    @Override
    public int hashCode() {
      return Objects.hash(file, reason);
    }

    @Override
    public String toString() {
      return file + ": " + reason;
    }
  }

  /**
   * Finds a checkpoint.
   *
   * <p>Blocks to list the folder and to read the index. May be called by any thread.
   *
   * @param path a {@code .safetensors} file, an index, or a folder
   * @return the checkpoint, which may have {@link #faults}
   * @throws LoadException if there is nothing, or more than one checkpoint to choose from
   */
  static Checkpoint find(Path path) throws LoadException {
    return Engines.get().checkpoint(path, Optional.empty());
  }

  /**
   * Finds a variant of a checkpoint.
   *
   * @param path a folder; a file or an index only if its name has this variant
   * @param variant the variant, such as {@code fp16}; empty is what has none
   * @return the checkpoint, which may have {@link #faults}
   * @throws LoadException as {@link #find(Path)}, also if there is no such variant
   */
  static Checkpoint find(Path path, String variant) throws LoadException {
    return Engines.get().checkpoint(path, Optional.of(variant));
  }

  /**
   * Finds all that could be meant by a folder: a checkpoint for each index, one for each numbered
   * set, and one of all other {@code .safetensors} files.
   *
   * @param folder the folder
   * @return the checkpoints, each of which may have {@link #faults}; the last may have no files
   * @throws LoadException if the folder can't be listed
   */
  static List<Checkpoint> allIn(Path folder) throws LoadException {
    return Engines.get().checkpoints(folder);
  }

  /**
   * Returns what was asked for.
   *
   * @return the path as the caller gave it; of {@link #allIn}, an index, or the folder with the
   *     name of the set, as in {@code model-*-of-00002.safetensors}
   */
  Path path();

  /**
   * Returns the index that decides.
   *
   * @return its path; empty if there is none
   */
  Optional<Path> index();

  /**
   * Returns the files.
   *
   * @return the files by name, also those that are missing if an index names them; unmodifiable
   */
  List<Path> files();

  /**
   * Returns what is left out of the folder that the checkpoint is in.
   *
   * @return files and folders by name; none for a file that was given by itself; unmodifiable
   */
  List<LeftOut> leftOut();

  /**
   * Returns why the checkpoint can't be loaded, as far as names and an index tell.
   *
   * @return the faults, each with a message that names the file; unmodifiable, empty if all is
   *     there
   */
  List<LoadException> faults();

  /**
   * Reads the headers of all files, several at a time, and checks that they fit together: no tensor
   * is in two files, and each is where the index says.
   *
   * <p>Blocks for the reads, as long as a load may take by default: one hour, or what the setting
   * {@code load.timeout} says. May be called by any thread; keeps nothing open.
   *
   * @return the headers, in the order of {@link #files}; unmodifiable
   * @throws HeaderFormatException if a file breaks a rule of the format
   * @throws LoadCancelledException if it takes longer, or this thread is interrupted
   * @throws LoadException if there are {@link #faults}, a file can't be read, or they don't fit
   */
  List<SafetensorsHeader> headers() throws LoadException;

  /**
   * Reads the headers of all files within a time; otherwise as {@link #headers()}.
   *
   * @param timeout how long it may take; above zero
   * @return the headers, in the order of {@link #files}; unmodifiable
   * @throws HeaderFormatException if a file breaks a rule of the format
   * @throws LoadCancelledException if it takes longer, or this thread is interrupted
   * @throws LoadException if there are {@link #faults}, a file can't be read, or they don't fit
   * @throws IllegalArgumentException if the timeout is not above zero
   */
  List<SafetensorsHeader> headers(Duration timeout) throws LoadException;

  /**
   * Opens the files to read tensors when they are wanted; as {@link #open(LoadOptions, Plugins)}
   * with {@link LoadOptions#defaults} and {@link Plugins#installed}.
   *
   * @return the open checkpoint; the caller closes it
   * @throws LoadException as {@link #open(LoadOptions, Plugins)}
   */
  default OpenCheckpoint open() throws LoadException {
    return open(LoadOptions.defaults(), Plugins.installed());
  }

  /**
   * Opens the files to read tensors when they are wanted: reads the headers, and no tensor.
   *
   * <p>Of the options these count: {@code backend} and {@code properties}, {@code path} and {@code
   * direct}; {@code filter} leaves out tensors; {@code timeout} and {@code cancellation} bound this
   * call, and each read of a file that may hang.
   *
   * @param options how to read
   * @param plugins where the backend is
   * @return the open checkpoint; the caller closes it
   * @throws HeaderFormatException if a file breaks a rule of the format
   * @throws LoadCancelledException if it takes too long, is cancelled, or this thread is
   *     interrupted
   * @throws BackendUnavailableException if no backend can serve
   * @throws LoadException if there are {@link #faults}, a file can't be read, or they don't fit
   * @throws IllegalArgumentException if the options want tensors converted or selected, contradict
   *     each other, or name what no plug-in declares
   */
  OpenCheckpoint open(LoadOptions options, Plugins plugins) throws LoadException;

  /**
   * Plans what the ranks of a group would read of the checkpoint, from the headers alone; no tensor
   * is read, and no group is needed.
   *
   * {@snippet lang = java :
   * Selection rows = Selection.of(Part.shard(0));
   * PartPlan plan = checkpoint.plan(8, rank -> LoadOptions.builder().selection(rows).build());
   * }
   *
   * <p>Blocks for the reads of headers, as {@link #headers()} does, for as long as the options of
   * rank 0 let a load take. May be called by any thread; keeps nothing open.
   *
   * @param ranks how many ranks
   * @param options what each rank loads, by its number from 0. Their {@link
   *     LoadOptions#selection()} counts, without which a rank wants all tensors whole; so do {@link
   *     LoadOptions#filters()} and {@link LoadOptions#distribution()}, which have to be the same
   *     for all. The files are taken for the same on all ranks, and each is owned by the rank that
   *     {@link Loader#addCheckpoint(Path)} adds it for
   * @return the plan
   * @throws IllegalArgumentException if there is no rank, filters or distributions differ, a
   *     pattern matches no tensor, or a tensor has no such part; as the load would
   * @throws HeaderFormatException if a file breaks a rule of the format
   * @throws LoadCancelledException if it takes longer, or this thread is interrupted
   * @throws LoadException if there are {@link #faults}, a file can't be read, or they don't fit
   */
  PartPlan plan(int ranks, IntFunction<LoadOptions> options) throws LoadException;

  /**
   * Plans how a stream would go through its window, as {@link #plan} does for what is read.
   *
   * @param ranks how many ranks
   * @param options how each rank streams, by its number from 0: as in {@link #plan}, and the
   *     smallest {@link StreamOptions#window} counts. {@link StreamOptions#pieces}, {@link
   *     StreamOptions#order} and what is converted have to be the same for all. Where ranks share
   *     what they read, they are taken for ranks of several hosts, which need room to send it
   * @return the plan, also if a tensor does not fit
   * @throws IllegalArgumentException as {@link #plan}, or if a rule of conversions matches no
   *     tensor
   * @throws java.util.NoSuchElementException if the order names a tensor that is not wanted
   * @throws HeaderFormatException if a file breaks a rule of the format
   * @throws LoadCancelledException if it takes longer, or this thread is interrupted
   * @throws LoadException if there are {@link #faults}, a file can't be read, or they don't fit
   */
  WindowPlan planStream(int ranks, IntFunction<StreamOptions> options) throws LoadException;
}
