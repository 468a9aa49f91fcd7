// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.TensorInfo;
import io.fastsafetensors.internal.engine.OpenedCheckpoint;
import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A checkpoint of which nothing was read but the headers: tensors, or parts of them, are read into
 * host memory when they are asked for. For who needs a few experts, the rows of some words, or one
 * layer after the other.
 *
 * {@snippet lang = java :
 * try (OpenCheckpoint checkpoint = Checkpoint.find(folder).open();
 *     Tensor expert = checkpoint.read("experts.w1", Part.rows(7))) {
 *   use(expert.host().orElseThrow());
 * }
 * }
 *
 * <p>Thread-safe: any number of threads read at the same time. A read is made on the thread that
 * asks for it; parts of many megabytes are read by several threads. How bytes come, {@link
 * LoadOptions#path} and {@link LoadOptions#direct} say:
 *
 * <ul>
 *   <li>With the path {@link AccessPath#AUTO}, a part that is one run of bytes and that the page
 *       cache has is the page cache itself: nothing is copied. {@link AccessPath#MAPPED} gives such
 *       parts out whether they are cached or not, {@link AccessPath#COPIED} never. What a mapping
 *       means when the file changes is told there.
 *   <li>What is {@linkplain LoadOptions#writable to be written} has memory of its own each time it
 *       is read: a mapping, if it is of a megabyte or more or {@code MAPPED} is asked for, else a
 *       copy.
 *   <li>All other parts are copied, and of them nothing is read ahead: rows that are not side by
 *       side are read one by one, or together where the gaps between them are small.
 *   <li>With {@link DirectMode#AUTO}, the backend {@code posix} reads what is not cached past the
 *       page cache, and what is asked for a second time through it, so that it is cached from then
 *       on. {@link DirectMode#OFF} reads all through the page cache, {@link DirectMode#ON} nothing.
 * </ul>
 *
 * <p>Files are opened when they are first needed. Only so many are open at a time as the process
 * may have descriptors ({@code ulimit -n}); of more files those that were not used for the longest
 * time are closed. A file that was written to or replaced since its header was read is an error of
 * the next read of it, by its size, time of change, and number in the file system.
 *
 * <p>A read of a local disk takes as long as the disk does, and can't be interrupted. Where a file
 * is behind another host or a program (NFS, FUSE, other providers) and may never answer, a read
 * ends by the timeout of the options (one hour by default), by their {@link Cancellation}, by an
 * interrupt, or when the checkpoint is closed, with a {@link LoadCancelledException}. What hangs is
 * left behind with memory of its own, never the caller's.
 *
 * @since 0.1
 */
public sealed interface OpenCheckpoint extends AutoCloseable permits OpenedCheckpoint {
  /**
   * Returns the names of all tensors.
   *
   * @return the names, in the order of files and bytes; unmodifiable
   */
  Set<String> keys();

  /**
   * Returns what the headers say of all tensors.
   *
   * @return the tensors, in the order of {@link #keys}; unmodifiable
   */
  List<TensorInfo> tensors();

  /**
   * Returns what the header says of a tensor.
   *
   * @param name the tensor's name
   * @return its type, shape and place
   * @throws NoSuchElementException if there is none; it names the nearest
   */
  TensorInfo info(String name);

  /**
   * Returns the size of a part.
   *
   * @param name the tensor's name
   * @param part what is wanted of it
   * @return bytes: what {@link #read(String, Part, MemorySegment)} wants the target to have
   * @throws NoSuchElementException if there is no such tensor
   * @throws IllegalArgumentException if the tensor has no such part
   */
  long byteSize(String name, Part part);

  /**
   * Reads a tensor; as {@link #read(String, Part)} of all of it.
   *
   * @param name the tensor's name
   * @return the tensor, on {@link Device#CPU}; the caller closes it
   * @throws LoadException as {@link #read(String, Part)}
   * @throws NoSuchElementException if there is no such tensor
   * @throws IllegalStateException if this is closed
   */
  default Tensor read(String name) throws LoadException {
    return read(name, Part.whole());
  }

  /**
   * Reads a part of a tensor into host memory. Blocks until all of it is there.
   *
   * @param name the tensor's name
   * @param part what is wanted of it; a shard by its rank, {@link Part#shard(int, int, int)}, since
   *     nobody else decides which
   * @return the part, on {@link Device#CPU}: read-only if it is {@linkplain Tensor#isWritable the
   *     page cache itself}, at any address. The caller closes it; it stays valid until then, also
   *     after this was closed
   * @throws TransferException if a byte can't be read, or the file was written to since its header
   *     was read
   * @throws LoadCancelledException if the file does not answer in time, or the wait for it is ended
   * @throws DeviceMemoryException if there is too little memory
   * @throws LoadException if no backend can read the file
   * @throws NoSuchElementException if there is no such tensor; it names the nearest
   * @throws IllegalArgumentException if the tensor has no such part
   * @throws IllegalStateException if this is closed
   */
  Tensor read(String name, Part part) throws LoadException;

  /**
   * Reads a part of a tensor into the caller's memory. Blocks until all of it is there. After a
   * failure what the target has is not said.
   *
   * @param name the tensor's name
   * @param part what is wanted of it, as for {@link #read(String, Part)}
   * @param target as large as {@link #byteSize}, writable, native or an array, at any address; what
   *     is aligned to 4096 bytes as the part is in the file is read with the fewest copies. If it
   *     is confined to this thread, no other thread helps
   * @throws TransferException as {@link #read(String, Part)}
   * @throws LoadCancelledException as {@link #read(String, Part)}
   * @throws LoadException as {@link #read(String, Part)}
   * @throws NoSuchElementException if there is no such tensor
   * @throws IllegalArgumentException if the tensor has no such part, or the target has another
   *     size, or is read-only
   * @throws IllegalStateException if this is closed, or the target's arena is
   * @throws WrongThreadException if the target is confined to another thread
   */
  void read(String name, Part part, MemorySegment target) throws LoadException;

  /**
   * Returns what was read so far.
   *
   * @return counts up to this moment; also of what is closed
   */
  Report report();

  /**
   * Closes the files. Reads that are under way go on, and close their files when they end; further
   * reads are refused. Tensors stay the caller's. A second call does nothing.
   */
  @Override
  void close();

  /**
   * What was read of an open checkpoint up to a moment; immutable.
   *
   * @since 0.1
   */
  final class Report {
    private final long reads;
    private final Map<TransferPath, Long> bytesByPath;
    private final int openFiles;

    private Report(long reads, Map<TransferPath, Long> bytesByPath, int openFiles) {
      this.reads = reads;
      this.bytesByPath = bytesByPath;
      this.openFiles = openFiles;
    }

    /**
     * Makes a report.
     *
     * @param reads how many parts were read
     * @param bytesByPath how many bytes came by which way; copied
     * @param openFiles how many files are open
     * @return the report
     */
    public static Report of(long reads, Map<TransferPath, Long> bytesByPath, int openFiles) {
      Map<TransferPath, Long> copy = new EnumMap<>(TransferPath.class);
      copy.putAll(bytesByPath);
      return new Report(reads, Collections.unmodifiableMap(copy), openFiles);
    }

    /** {@return how many parts were read} */
    public long reads() {
      return reads;
    }

    /**
     * Returns how bytes came.
     *
     * @return bytes by the way they took, gaps that were read along included; unmodifiable
     */
    public Map<TransferPath, Long> bytesByPath() {
      return bytesByPath;
    }

    /**
     * Returns how many bytes were read from storage, as far as the backend knows: of what was read
     * {@linkplain TransferPath#BUFFERED through the page cache} some may have been there.
     *
     * @return bytes
     */
    public long storageBytes() {
      return bytes(TransferPath.DIRECT) + bytes(TransferPath.BUFFERED);
    }

    /**
     * Returns how many bytes the page cache had.
     *
     * @return bytes that were copied from it, or given out as mappings
     */
    public long cacheBytes() {
      return bytes(TransferPath.CACHED) + bytes(TransferPath.MAPPED);
    }

    private long bytes(TransferPath path) {
      return bytesByPath.getOrDefault(path, 0L);
    }

    /** {@return how many files are open} */
    public int openFiles() {
      return openFiles;
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Report that
          && reads == that.reads
          && openFiles == that.openFiles
          && bytesByPath.equals(that.bytesByPath);
    }

    @Override
    public int hashCode() {
      return Objects.hash(reads, openFiles, bytesByPath);
    }

    @Override
    public String toString() {
      return "%s parts, %s bytes from storage, %s from the page cache, %s files open"
          .formatted(reads, storageBytes(), cacheBytes(), openFiles);
    }
  }
}
