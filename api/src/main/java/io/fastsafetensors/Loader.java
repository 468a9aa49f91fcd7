// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.SafetensorsHeader;
import io.fastsafetensors.format.TensorInfo;
import io.fastsafetensors.internal.engine.DefaultLoader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * Loads safetensors files to a device.
 *
 * {@snippet lang = java :
 * try (Loader loader = Loader.open(Path.of("model"));
 *     FileBuffer buffer = loader.load()) {
 *   Tensor weights = buffer.tensor("lm_head.weight");
 * }
 * }
 *
 * <p>First say which rank reads which files, then {@link #load}. A loader is reusable: {@link
 * #reset} forgets the files and keeps the device open and its memory pooled. In a group all ranks
 * add the same files in the same order, and {@link #keys}, {@link #tensors}, {@link #files}, {@link
 * #info} and {@link #load} are collective: a file needs to exist only where its owner runs. One
 * thread at a time uses a loader; only {@link #close} and {@link #explain} may be called while a
 * load is under way.
 *
 * <p><b>Files that hang.</b> A call on a network file system may never return. Every call here that
 * touches files is made on a thread of the library, and ends soon after its timeout, a cancellation
 * or an interrupt all the same: the thread is left behind then, with the memory that it may still
 * write to, until the file answers. The exception says what hangs and how much is kept ({@link
 * LoadCancelledException#keptBytes}), the log too, and {@link #explain} says how much still is. The
 * loader can be used on.
 *
 * <p><b>Closing.</b> A loader, a {@link FileBuffer} or a copy of a tensor that is never closed
 * keeps its device and memory until the process ends. The log warns of it, with its size, once the
 * garbage collector finds it; with the system property {@code io.fastsafetensors.trackLeaks=true}
 * it says where it was made.
 *
 * @since 0.1
 */
public sealed interface Loader extends AutoCloseable permits DefaultLoader {
  /**
   * Starts a loader for host memory and a group of one.
   *
   * @return a builder
   */
  static Builder builder() {
    return Engines.get().loader();
  }

  /**
   * Opens checkpoints for this process alone, to be loaded to host memory: as {@link #builder} and
   * {@link Builder#open}. Of several ranks each would load all of it; they use a {@link
   * Builder#group}.
   *
   * @param paths at least one: files, indexes ({@code *.safetensors.index.json}) or folders
   * @return a loader with the files, of which nothing is loaded; the caller closes it
   * @throws LoadException as {@link #addCheckpoint(Path)}
   * @throws IllegalArgumentException if there is no path, a file is given twice, or a setting from
   *     outside is unknown or malformed ({@link Configuration#problems})
   */
  static Loader open(Path... paths) throws LoadException {
    return open(Device.CPU, paths);
  }

  /**
   * Opens checkpoints for this process alone, to be loaded to a device; otherwise as {@link
   * #open(Path...)}.
   *
   * @param device where tensors go, such as {@code Device.cuda(0)}
   * @param paths at least one: files, indexes ({@code *.safetensors.index.json}) or folders
   * @return a loader with the files, of which nothing is loaded; the caller closes it
   * @throws LoadException as {@link #addCheckpoint(Path)}; that the device is not there is found by
   *     {@link #load}
   * @throws IllegalArgumentException if there is no path, a file is given twice, or a setting from
   *     outside is unknown or malformed ({@link Configuration#problems})
   */
  static Loader open(Device device, Path... paths) throws LoadException {
    return builder().device(device).open(paths);
  }

  /**
   * Adds files. In a group they are dealt out in this order, the first to rank 0, the next to rank
   * 1; a further call goes on with the next rank. {@link #addCheckpoint(Path)} goes by size.
   *
   * @param files the files, of any provider of file systems, or of a server that a backend reads
   *     from; missing ones are found by {@link #keys} or {@link #load}, before any tensor is read
   * @return this
   * @throws IllegalArgumentException if a file was added before
   * @throws IllegalStateException if the loader is closed
   */
  Loader addFiles(Path... files);

  /**
   * Adds files that one rank reads; otherwise as {@link #addFiles(Map)}.
   *
   * @param rank the rank in the group
   * @param files the files
   * @return this
   */
  Loader addFiles(int rank, List<Path> files);

  /**
   * Adds files by rank; missing ones are found by {@link #keys} or {@link #load}.
   *
   * @param files the files of each rank
   * @return this
   * @throws IllegalArgumentException if there is no such rank, or a file was added before
   * @throws IllegalStateException if the loader is closed
   */
  Loader addFiles(Map<Integer, List<Path>> files);

  /**
   * Adds a checkpoint: a file, the files that an index names, or what {@link Checkpoint} says a
   * folder is. The files are spread over the ranks, the largest first, each to the rank with the
   * fewest bytes. Every rank must see the folder.
   *
   * @param path a {@code .safetensors} file, a {@code .json} index, or a folder
   * @return this
   * @throws LoadException if it doesn't exist, a file of it is missing or was not downloaded to the
   *     end, a folder has no such files or more than one checkpoint, or the index is malformed, no
   *     regular file or larger than 100,000,000 bytes; that the index and the headers agree is
   *     checked by {@link #load}
   * @throws LoadCancelledException if it takes longer than the loader's timeout, or this thread is
   *     interrupted, which it stays
   * @throws IllegalArgumentException if a file was added before
   * @throws IllegalStateException if the loader is closed
   */
  Loader addCheckpoint(Path path) throws LoadException;

  /**
   * Adds one of several variants of a checkpoint, such as {@code fp16}; otherwise as {@link
   * #addCheckpoint(Path)}.
   *
   * @param path a folder; a file or an index only if its name has this variant
   * @param variant the word in the names, as in {@code model.fp16.safetensors}; empty is what has
   *     none
   * @return this
   * @throws LoadException as {@link #addCheckpoint(Path)}, also if there is no such variant
   * @throws IllegalArgumentException if a file was added before
   * @throws IllegalStateException if the loader is closed
   */
  Loader addCheckpoint(Path path, String variant) throws LoadException;

  /**
   * Returns the names of all tensors of all files on all ranks, reading headers as needed.
   *
   * @return the names, in the order of ranks, files and bytes; unmodifiable
   * @throws LoadException if a file is missing or malformed, or a name stands in two files
   * @throws LoadCancelledException if it takes longer than the loader's timeout, or this thread is
   *     interrupted, which it stays
   * @throws IllegalStateException if the loader is closed
   */
  Set<String> keys() throws LoadException;

  /**
   * Lists all tensors of all files on all ranks, reading headers as needed.
   *
   * @return what the files say of each, in the order of {@link #keys}; unmodifiable
   * @throws LoadException as {@link #keys}
   */
  List<TensorInfo> tensors() throws LoadException;

  /**
   * Lists the files of all ranks, with their metadata, reading headers as needed.
   *
   * @return the headers, in the order of ranks, and within a rank as added; paths are this rank's;
   *     unmodifiable
   * @throws LoadException as {@link #keys}
   */
  List<SafetensorsHeader> files() throws LoadException;

  /**
   * Returns what the file says of a tensor, reading headers as needed.
   *
   * @param name the tensor
   * @return its entry
   * @throws LoadException as {@link #keys}
   * @throws java.util.NoSuchElementException if there is no such tensor; it names the nearest
   * @throws IllegalStateException if the loader is closed
   */
  TensorInfo info(String name) throws LoadException;

  /**
   * Loads all tensors as {@link #load(LoadOptions)}, with the default options.
   *
   * @return the loaded files; the caller closes them
   * @throws LoadException as {@link #load(LoadOptions)}
   */
  FileBuffer load() throws LoadException;

  /**
   * Loads tensors; blocks until every byte is there. After an exception nothing is left, but what a
   * file that hangs may still write to.
   *
   * @param options how to load
   * @return the loaded files; the caller closes them, before or after the loader
   * @throws LoadException if a file is missing, malformed or unreadable, ranks disagree, there is
   *     no memory or no backend
   * @throws LoadCancelledException if the load was cancelled or is late, or this thread is
   *     interrupted, which it stays
   * @throws IllegalArgumentException if a tensor can't be converted as asked, or no tensor matches
   *     a filter or dtype rule; it names the nearest
   * @throws IllegalStateException if the loader is closed, or has no files
   */
  FileBuffer load(LoadOptions options) throws LoadException;

  /**
   * Streams all tensors; as {@link #stream(StreamOptions)} with the default options.
   *
   * @return the stream; the caller closes it
   * @throws LoadException as {@link #stream(StreamOptions)}
   */
  default TensorStream stream() throws LoadException {
    return stream(StreamOptions.defaults());
  }

  /**
   * Streams tensors: they come one after the other, in a window of memory that is used again. Reads
   * headers and plans; returns when reading has begun. In a group all ranks call it; without a
   * selection each gets all tensors. In a group of one, several streams may be open at a time, also
   * beside loads.
   *
   * @param options what to stream, and how
   * @return the stream; the caller closes it, before or after the loader, whose {@link #close} ends
   *     it
   * @throws LoadException if a file is missing or malformed, ranks disagree, or there is no memory
   *     or no backend
   * @throws LoadCancelledException as {@link #load(LoadOptions)}
   * @throws IllegalArgumentException as {@link #load(LoadOptions)}, or if a tensor is larger than
   *     the window and pieces aren't allowed: it names the least window that would do
   * @throws java.util.NoSuchElementException if the order names a tensor that is not streamed
   * @throws IllegalStateException if the loader is closed, or has no files
   */
  TensorStream stream(StreamOptions options) throws LoadException;

  /**
   * Begins to load, and returns when headers are read, the ranks agree, and the first file is being
   * read. The rest is read by threads of the library, while each tensor can be had as soon as its
   * own bytes are there:
   *
   * {@snippet lang = java :
   * try (FileBuffer buffer = loader.begin(LoadOptions.defaults())) {
   *   Tensor first = buffer.tensor("model.embed_tokens.weight"); // waits for its bytes only
   *   buffer.awaitAll(); // as load() does
   * }
   * }
   *
   * <p>The load ends at the timeout of its options, by their switch, and with {@link #close} of the
   * loader or of the buffer. The loader can be used meanwhile. Where ranks read for each other
   * ({@link Distribution#OWNER} and {@link Distribution#SHARED}) this does what {@link
   * #load(LoadOptions)} does.
   *
   * @param options how to load
   * @return the files that are loaded; the caller closes them
   * @throws LoadException as {@link #load(LoadOptions)}, if it fails before the first file is read;
   *     later failures are thrown where tensors are asked for, and by {@link FileBuffer#awaitAll}
   *     and {@link FileBuffer#close}
   * @throws LoadCancelledException as {@link #load(LoadOptions)}
   * @throws IllegalArgumentException as {@link #load(LoadOptions)}
   * @throws IllegalStateException if the loader is closed, or has no files
   */
  FileBuffer begin(LoadOptions options) throws LoadException;

  /**
   * Loads all tensors as {@link #loadAsync(LoadOptions)}, with the default options.
   *
   * @return the future
   */
  CompletableFuture<FileBuffer> loadAsync();

  /**
   * Loads tensors on a thread of the library, a daemon; returns at once. In a group all ranks call
   * it, or {@link #load(LoadOptions)}, and nothing else uses the group until the load has ended.
   *
   * <p>The future completes with the buffer, which the caller closes, or exceptionally with what
   * {@link #load(LoadOptions)} throws: a {@link LoadCancelledException} if the timeout or the
   * switch of the options, or {@link #close}, ended the load. Dependent actions that are not
   * asynchronous run on the thread that loads; the loader can be used by them.
   *
   * <p>Who completes the future before the load has, ends the load as a {@link Cancellation} does:
   * {@code cancel}, whose argument makes no difference, or {@code orTimeout}. The future is done at
   * once. The load ends at its next block, in a group on all ranks. If this rank has read its files
   * already, that is when the others have; only in the moment in which all ranks get their buffers
   * it may be too late, and the next call for which the others need this rank fails at the group's
   * timeout. Nothing is left: a buffer that is ready too late is closed by the library. The switch
   * of the options is not touched. To cancel a future that was derived from this one, by {@code
   * thenApply} for instance, doesn't end the load.
   *
   * <p>Until the future is done, other methods of the loader but {@link #close} and {@link
   * #explain} throw {@code IllegalStateException}; after a cancellation they wait until the load
   * has ended.
   *
   * @param options how to load
   * @return the future
   * @throws IllegalStateException if the loader is closed, or another load is under way
   */
  CompletableFuture<FileBuffer> loadAsync(LoadOptions options);

  /**
   * Says what the last load did on this rank and why; before the first, and after one that failed,
   * which plug-ins there are.
   *
   * @return the report; without files if there was no load, or it failed
   * @throws IllegalStateException if the loader is closed
   */
  LoadReport explain();

  /**
   * Forgets the files; loaded ones stay loaded.
   *
   * @return this
   * @throws IllegalStateException if the loader is closed
   */
  Loader reset();

  /**
   * Closes the loader and, once the last buffer and copy made by it is closed, the device. A load
   * that is under way on another thread ends with a {@link LoadCancelledException} at its next
   * block. The group stays open: it is the caller's. A second call does nothing.
   */
  @Override
  void close();

  /**
   * Makes loaders; not thread-safe.
   *
   * @since 0.1
   */
  interface Builder {
    /**
     * Sets where tensors go.
     *
     * @param device the device; {@link ProcessGroup#device} of the group by default
     * @return this
     */
    Builder device(Device device);

    /**
     * Sets the ranks to share the work with.
     *
     * @param group the group, which stays the caller's; {@link ProcessGroup#single()} by default
     * @return this
     */
    Builder group(ProcessGroup group);

    /**
     * Sets which plug-ins there are: devices and backends. Loaders of a process may differ.
     *
     * @param plugins the plug-ins; {@link Plugins#installed()} by default
     * @return this
     */
    Builder plugins(Plugins plugins);

    /**
     * Sets who hears what loads and streams do.
     *
     * @param listener called by their threads; nobody by default
     * @return this
     */
    Builder listener(LoadListener listener);

    /**
     * Bounds how long the calls may take that have no {@link LoadOptions}: to find the files of a
     * checkpoint, and to read headers for {@link Loader#keys} and {@link Loader#info}.
     *
     * @param timeout above zero; one hour by default
     * @return this
     * @throws IllegalArgumentException if it is not
     */
    Builder timeout(Duration timeout);

    /**
     * Makes the loader. The device is opened by the first load.
     *
     * @return the loader; the caller closes it
     * @throws IllegalArgumentException if a setting from outside is unknown or malformed ({@link
     *     Configuration#problems}); it says where it was set
     */
    Loader build();

    /**
     * Makes the loader and adds checkpoints: as {@link #build} and {@link
     * Loader#addCheckpoint(Path)} for each path, but closes the loader if that fails.
     *
     * @param paths at least one: files, indexes ({@code *.safetensors.index.json}) or folders
     * @return the loader with the files, of which nothing is loaded; the caller closes it
     * @throws LoadException as {@link Loader#addCheckpoint(Path)}
     * @throws IllegalArgumentException if there is no path, a file is given twice, or a setting
     *     from outside is unknown or malformed ({@link Configuration#problems})
     */
    Loader open(Path... paths) throws LoadException;
  }
}
