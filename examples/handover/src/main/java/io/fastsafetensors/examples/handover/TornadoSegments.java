// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.examples.handover;

import io.fastsafetensors.Loader;
import io.fastsafetensors.StreamOptions;
import io.fastsafetensors.TensorMemory;
import io.fastsafetensors.TensorStream;
import io.fastsafetensors.format.LoadException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Tensors as TornadoVM's arrays want them, in {@code FloatArray.fromSegmentShallow} and its kind: a
 * header, which TornadoVM writes, and the elements right after it. All are in memory of the
 * caller's, which is filled through a small window: nothing is there twice.
 */
public final class TornadoSegments {
  /** Bytes of the header of an array. */
  public static final int HEADER = 16;

  private static final int ALIGNMENT = 32;

  private TornadoSegments() {}

  /**
   * Loads all tensors of a file.
   *
   * @param file the file
   * @param arena has the memory
   * @return for each name a segment: the header, of zeros, and the elements, aligned to 32 bytes
   * @throws LoadException if the file can't be read
   */
  public static Map<String, MemorySegment> load(Path file, Arena arena) throws LoadException {
    Map<String, MemorySegment> segments = new LinkedHashMap<>();
    StreamOptions options = StreamOptions.builder().pieces(true).build();
    try (Loader loader = Loader.open(file);
        TensorStream stream = loader.stream(options)) {
      stream.fill((tensor, dtype, shape, bytes) -> {
        MemorySegment room = arena.allocate(ALIGNMENT + bytes, ALIGNMENT);
        segments.put(tensor.name(), room.asSlice(ALIGNMENT - HEADER));
        return TensorMemory.of(room.asSlice(ALIGNMENT));
      });
    }
    return segments;
  }
}
