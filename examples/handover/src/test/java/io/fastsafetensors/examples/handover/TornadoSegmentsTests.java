// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.examples.handover;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Segments have room that may be written, and then the elements. */
class TornadoSegmentsTests {
  @TempDir private Path folder;

  @Test
  void eachSegmentHasAHeaderAndThenTheElements() throws Exception {
    Path file = folder.resolve("w.safetensors");
    try (Arena arena = Arena.ofConfined()) {
      new SafetensorsWriter()
          .add("one", DType.F32, Shape.of(3), floats(arena, 1, 2, 3))
          .add("two", DType.F32, Shape.of(2, 2), floats(arena, 4, 5, 6, 7))
          .write(file);
      Map<String, MemorySegment> segments = TornadoSegments.load(file, arena);
      assertThat(segments).containsOnlyKeys("one", "two");
      assertIs(segments.get("one"), 1, 2, 3);
      assertIs(segments.get("two"), 4, 5, 6, 7);
    }
  }

  private static MemorySegment floats(Arena arena, float... values) {
    return arena.allocateFrom(ValueLayout.JAVA_FLOAT, values);
  }

  private static void assertIs(MemorySegment segment, float... values) {
    MemorySegment header = segment.asSlice(0, TornadoSegments.HEADER);
    MemorySegment elements = segment.asSlice(TornadoSegments.HEADER);
    assertThat(header.toArray(ValueLayout.JAVA_BYTE)).containsOnly(0);
    header.setAtIndex(ValueLayout.JAVA_INT, 0, values.length); // as TornadoVM does
    assertThat(elements.toArray(ValueLayout.JAVA_FLOAT)).containsExactly(values);
    assertThat(elements.address() % 32).isZero();
  }
}
