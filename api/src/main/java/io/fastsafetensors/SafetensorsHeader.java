// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * The validated header of one file.
 *
 * @param path the file, as the caller gave it
 * @param dataOffset where the data section starts: 8 plus the header's length, in bytes
 * @param fileSize the file's size when the header was read, in bytes
 * @param tensors the tensors in the order of their bytes in the file; unmodifiable
 * @param metadata the {@code __metadata__} map, sorted by key; empty if absent; unmodifiable
 * @since 0.1
 */
public record SafetensorsHeader(
    Path path,
    long dataOffset,
    long fileSize,
    List<TensorInfo> tensors,
    Map<String, String> metadata) {}
