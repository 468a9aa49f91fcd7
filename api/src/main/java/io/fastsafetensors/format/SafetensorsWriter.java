// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.format;

import io.fastsafetensors.internal.file.FileRights;
import io.fastsafetensors.internal.file.Folders;
import io.fastsafetensors.internal.file.IoReason;
import io.fastsafetensors.internal.file.TemporaryFiles;
import io.fastsafetensors.internal.save.Content;
import io.fastsafetensors.internal.save.FileLayout;
import io.fastsafetensors.internal.save.FileSave;
import io.fastsafetensors.internal.save.MemoryContent;
import io.fastsafetensors.internal.save.OutputPlan;
import io.fastsafetensors.internal.save.SaveControl;
import io.fastsafetensors.internal.save.SaveTuning;
import io.fastsafetensors.internal.save.SavedTensor;
import io.fastsafetensors.internal.save.TensorSet;
import io.fastsafetensors.internal.text.Printable;
import io.fastsafetensors.internal.text.Utf8;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongSupplier;

/**
 * Writes a file from tensors that needn't be in memory at once.
 *
 * <p>First {@link #add} each tensor and {@link #metadata}, then {@link #write}. The same tensors
 * and metadata give the same bytes, in whatever order they were added: tensors are sorted by dtype,
 * the one declared last in {@link DType} first, then by the UTF-8 bytes of their names; metadata by
 * the UTF-8 bytes of its keys (format rule 4.5).
 *
 * <p>Not for use by several threads at once. Holds no resource between calls; memory given to it
 * stays the caller's.
 *
 * @since 0.1
 */
public final class SafetensorsWriter {
  /** What is written at a time, and what small files need no threads for, in bytes. */
  private static final long SMALL = 8L << 20;

  /** The memory for blocks of larger files, in bytes. */
  private static final long MEMORY = 128L << 20;

  /** How many blocks of larger files are gathered and written at a time. */
  private static final int THREADS = 8;

  private final TensorSet<SavedTensor> tensors = new TensorSet<>();
  private final Map<String, String> metadata = new TreeMap<>(Utf8.ORDER);

  /** Makes a writer without tensors. */
  public SafetensorsWriter() {}

  /**
   * Gives the bytes of one tensor when they are to be written.
   *
   * @since 0.1
   */
  @FunctionalInterface
  public interface Source {
    /**
     * Writes the tensor's bytes: elements packed, little-endian, the last dimension contiguous.
     *
     * <p>Is called once for each {@link SafetensorsWriter#write}, on the thread that calls it.
     *
     * @param channel takes exactly the tensor's bytes, in pieces of any size, from heap or native
     *     buffers; each write takes all of its buffer; valid during the call only
     * @throws IOException if the bytes can't be had; no file is written then
     */
    void writeTo(WritableByteChannel channel) throws IOException;
  }

  /**
   * Adds a tensor whose bytes are asked for when the file is written.
   *
   * @param name the name, unique in the file; may be empty
   * @param dtype the element type
   * @param shape the dimensions
   * @param source gives the bytes
   * @return this writer
   * @throws IllegalArgumentException if no reader could give the tensor back: the name is {@code
   *     __metadata__}, was added before or has no UTF-8 form; the bytes overflow or aren't whole
   */
  public SafetensorsWriter add(String name, DType dtype, Shape shape, Source source) {
    Content.Pushed content = source::writeTo;
    return add(
        name, dtype, shape, tensors.size(name, type(dtype, shape), size(dtype, shape)), content);
  }

  /**
   * Adds a tensor that is in memory.
   *
   * @param name the name, unique in the file; may be empty
   * @param dtype the element type
   * @param shape the dimensions
   * @param bytes the elements, packed, little-endian, in native memory or an array of any type, of
   *     exactly the tensor's size; read when the file is written, by several threads unless it is
   *     confined to the one that writes; must be alive and unchanged then
   * @return this writer
   * @throws IllegalArgumentException if the segment has another size, or as for {@link #add(String,
   *     DType, Shape, Source)}
   */
  public SafetensorsWriter add(String name, DType dtype, Shape shape, MemorySegment bytes) {
    long wanted =
        tensors.checkedSize(name, type(dtype, shape), size(dtype, shape), bytes.byteSize());
    return add(name, dtype, shape, wanted, new MemoryContent(bytes));
  }

  private static String type(DType dtype, Shape shape) {
    return dtype + " " + shape;
  }

  private static LongSupplier size(DType dtype, Shape shape) {
    return () -> dtype.byteSize(shape.elements());
  }

  /**
   * Sets an entry of the {@code __metadata__} map.
   *
   * @param key the key; a second value for it replaces the first
   * @param value the value
   * @return this writer
   * @throws IllegalArgumentException if one of them has half of a surrogate pair, so no UTF-8 form
   */
  public SafetensorsWriter metadata(String key, String value) {
    if (!Utf8.isWellFormed(key) || !Utf8.isWellFormed(value)) {
      throw new IllegalArgumentException(
          "metadata %s: half of a surrogate pair has no UTF-8 form"
              .formatted(Printable.quote(key)));
    }
    metadata.put(key, value);
    return this;
  }

  /**
   * Writes the file: beside its place first, then to the disk, then renamed into place, so that any
   * reader sees the old file or the new one and a mapping of the old one stays valid. A symbolic
   * link is replaced, not followed. A file that is replaced leaves its mode to the new one, and its
   * owner and group if this process may give them.
   *
   * <p>A process that is told to end ({@code SIGTERM}, {@code SIGINT}) takes the file beside its
   * place away; one that is killed leaves it, as {@code .fastsafetensors-*.tmp}, and the next write
   * in the folder names it in a warning of the log.
   *
   * <p>Blocks until the disk has the file. May be called again, also after a failure.
   *
   * @param path the file to make or replace, in an existing folder
   * @return the file's size, in bytes
   * @throws HeaderFormatException if the header is longer than 100,000,000 bytes (format rule
   *     {@code HeaderTooLarge})
   * @throws IOException if a source fails or gives too few or too many bytes, or if the file can't
   *     be written; what stood at {@code path} is then unchanged and nothing else is left
   */
  public long write(Path path) throws IOException {
    FileLayout layout = FileLayout.of(List.copyOf(tensors.all()), metadata);
    HeaderFaults.checkNotTooLarge(path, layout.headerLength());
    try {
      Path folder = Folders.of(path);
      TemporaryFiles.tellAbandoned(folder);
      OutputPlan plan = layout.plan(path, TemporaryFiles.in(folder), FileRights.of(path));
      try (FileSave save = new FileSave(List.of(plan), tuning(plan.bytes()), SaveControl.NONE)) {
        save.fill();
        save.finish();
        save.files().getFirst().moveTo(plan.path());
      }
      Folders.flush(folder);
      return plan.bytes();
    } catch (IOException e) {
      throw new IOException("can't write " + path + ": " + IoReason.of(e), e);
    }
  }

  private static SaveTuning tuning(long bytes) {
    return bytes < SMALL
        ? new SaveTuning(0, 0, bytes, false)
        : new SaveTuning(THREADS, 0, MEMORY, true);
  }

  private SafetensorsWriter add(
      String name, DType dtype, Shape shape, long bytes, Content content) {
    tensors.add(name, bytes, SavedTensor.whole(name, dtype, shape.dims(), bytes, content));
    return this;
  }
}
