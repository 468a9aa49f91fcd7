// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.format;

import io.fastsafetensors.internal.file.AtomicFile;
import io.fastsafetensors.internal.file.IoReason;
import io.fastsafetensors.internal.file.StagedOutput;
import io.fastsafetensors.internal.file.TensorSink;
import io.fastsafetensors.internal.text.Printable;
import io.fastsafetensors.internal.text.Utf8;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

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
  private static final Comparator<Entry> FILE_ORDER =
      Comparator.comparing(Entry::dtype).reversed().thenComparing(Entry::name, Utf8.ORDER);

  private final Map<String, Entry> entries = new HashMap<>();
  private final Map<String, String> metadata = new TreeMap<>(Utf8.ORDER);
  private long dataBytes;

  private record Entry(String name, DType dtype, Shape shape, long bytes, Content content) {}

  /** What gives a tensor's bytes: a {@link Source}, or memory of any size. */
  private interface Content {
    void writeTo(TensorSink sink) throws IOException;
  }

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
    return add(new Entry(name, dtype, shape, byteSize(name, dtype, shape), source::writeTo));
  }

  /**
   * Adds a tensor that is in memory.
   *
   * @param name the name, unique in the file; may be empty
   * @param dtype the element type
   * @param shape the dimensions
   * @param bytes the elements, packed, little-endian, in native memory or an array of any type, of
   *     exactly the tensor's size; read when the file is written, on the thread that writes; must
   *     be alive and unchanged then
   * @return this writer
   * @throws IllegalArgumentException if the segment has another size, or as for {@link #add(String,
   *     DType, Shape, Source)}
   */
  public SafetensorsWriter add(String name, DType dtype, Shape shape, MemorySegment bytes) {
    long wanted = byteSize(name, dtype, shape);
    if (bytes.byteSize() != wanted) {
      throw refused(
          name, "%s %s takes %s bytes, not %s".formatted(dtype, shape, wanted, bytes.byteSize()));
    }
    return add(new Entry(name, dtype, shape, wanted, sink -> sink.write(bytes)));
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
    List<Entry> ordered = entries.values().stream().sorted(FILE_ORDER).toList();
    List<TensorInfo> tensors = layOut(ordered);
    ByteBuffer header = HeaderWriter.encode(path, tensors, metadata);
    try {
      AtomicFile.write(
          path,
          channel -> {
            try (StagedOutput output = new StagedOutput(channel)) {
              output.write(MemorySegment.ofBuffer(header));
              for (int i = 0; i < tensors.size(); i++) {
                write(tensors.get(i), ordered.get(i).content(), output);
              }
              output.flush();
            }
          });
    } catch (IOException e) {
      throw new IOException("can't write " + path + ": " + IoReason.of(e), e);
    }
    return header.capacity() + dataBytes;
  }

  private static List<TensorInfo> layOut(List<Entry> ordered) {
    List<TensorInfo> tensors = new ArrayList<>(ordered.size());
    long end = 0;
    for (Entry entry : ordered) {
      long begin = end;
      end += entry.bytes();
      tensors.add(new TensorInfo(entry.name(), entry.dtype(), entry.shape(), begin, end));
    }
    return tensors;
  }

  private static void write(TensorInfo tensor, Content content, StagedOutput output)
      throws IOException {
    TensorSink sink = new TensorSink(tensor.byteSize(), output);
    try {
      content.writeTo(sink);
      sink.finish();
    } catch (IOException e) {
      throw new IOException("tensor " + tensor + ": " + IoReason.of(e), e);
    }
  }

  private SafetensorsWriter add(Entry entry) {
    String name = entry.name();
    if (name.equals(HeaderWriter.METADATA)) {
      throw refused(name, "the format keeps this name for metadata");
    }
    if (!Utf8.isWellFormed(name)) {
      throw refused(name, "half of a surrogate pair has no UTF-8 form");
    }
    if (entries.putIfAbsent(name, entry) != null) {
      throw refused(name, "the name was added before");
    }
    dataBytes += entry.bytes();
    return this;
  }

  /** Computes the tensor's size, and sees to it that the sum of all stays below 2^63. */
  private long byteSize(String name, DType dtype, Shape shape) {
    try {
      long bytes = dtype.byteSize(shape.elements());
      Math.addExact(dataBytes, bytes);
      return bytes;
    } catch (ArithmeticException e) {
      throw refused(name, dtype + " " + shape + ": " + e.getMessage());
    }
  }

  private static IllegalArgumentException refused(String name, String reason) {
    return new IllegalArgumentException("tensor " + Printable.quote(name) + ": " + reason);
  }
}
