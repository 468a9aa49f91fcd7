// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.format;

import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The validated header of one file; immutable. Made by {@link #read} and {@link RawHeader#parse}.
 *
 * @since 0.1
 */
public final class SafetensorsHeader {
  private final Path path;
  private final long dataOffset;
  private final long fileSize;
  private final List<TensorInfo> tensors;
  private final Map<String, String> metadata;

  SafetensorsHeader(
      Path path,
      long dataOffset,
      long fileSize,
      List<TensorInfo> tensors,
      Map<String, String> metadata) {
    this.path = path;
    this.dataOffset = dataOffset;
    this.fileSize = fileSize;
    this.tensors = List.copyOf(tensors);
    this.metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
  }

  /**
   * Reads and checks the header of a file, without reading the tensors' bytes.
   *
   * <p>Blocks for the read of at most 100 MB. May be called by any thread; keeps nothing open.
   *
   * <p>Accepts what the reference implementation accepts (format rules 4.1 to 4.4), except for what
   * is ambiguous: a tensor name that stands twice, a tensor's entry written as an array, a dtype
   * written as an object.
   *
   * @param path the file, of any provider of file systems
   * @return the header
   * @throws HeaderFormatException if the file breaks a rule of the format
   * @throws LoadException if the file can't be read: it doesn't exist, which is then the cause, is
   *     a folder, or is not permitted
   * @throws LoadCancelledException if this thread is interrupted, which it stays
   */
  public static SafetensorsHeader read(Path path) throws LoadException {
    return HeaderReader.parse(path, HeaderReader.readRaw(path));
  }

  /** {@return the file, as the caller gave it} */
  public Path path() {
    return path;
  }

  /** {@return where the data section starts: 8 plus the header's length, in bytes} */
  public long dataOffset() {
    return dataOffset;
  }

  /** {@return the file's size when the header was read, in bytes} */
  public long fileSize() {
    return fileSize;
  }

  /** {@return the tensors in the order of their bytes in the file; unmodifiable} */
  public List<TensorInfo> tensors() {
    return tensors;
  }

  /**
   * {@return the {@code __metadata__} map, sorted by the UTF-8 bytes of its keys; empty if absent;
   * unmodifiable}
   */
  public Map<String, String> metadata() {
    return metadata;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof SafetensorsHeader that
        && path.equals(that.path)
        && dataOffset == that.dataOffset
        && fileSize == that.fileSize
        && tensors.equals(that.tensors)
        && metadata.equals(that.metadata);
  }

  @Override
  public int hashCode() {
    return Objects.hash(path, dataOffset, fileSize, tensors, metadata);
  }

  /** Returns the file, and how many tensors it has. */
  @Override
  public String toString() {
    return path + ": " + tensors.size() + " tensors, " + fileSize + " bytes";
  }
}
