// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.format;

import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The validated header of one file; immutable.
 *
 * @param path the file, as the caller gave it
 * @param dataOffset where the data section starts: 8 plus the header's length, in bytes
 * @param fileSize the file's size when the header was read, in bytes
 * @param tensors the tensors in the order of their bytes in the file; unmodifiable
 * @param metadata the {@code __metadata__} map, sorted by the UTF-8 bytes of its keys; empty if
 *     absent; unmodifiable
 * @since 0.1
 */
public record SafetensorsHeader(
    Path path,
    long dataOffset,
    long fileSize,
    List<TensorInfo> tensors,
    Map<String, String> metadata) {

  /** Makes a header; copies the collections, in their order. */
  public SafetensorsHeader {
    tensors = List.copyOf(tensors);
    metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
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
   * @param path the file
   * @return the header
   * @throws HeaderFormatException if the file breaks a rule of the format
   * @throws LoadException if the file can't be read: it doesn't exist, which is then the cause, is
   *     a folder, or is not permitted
   * @throws LoadCancelledException if this thread is interrupted, which it stays
   */
  public static SafetensorsHeader read(Path path) throws LoadException {
    return HeaderReader.parse(path, HeaderReader.readRaw(path));
  }
}
