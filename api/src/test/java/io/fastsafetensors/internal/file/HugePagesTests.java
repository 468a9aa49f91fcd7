// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.file;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Memory for direct writes. */
class HugePagesTests {
  private static final Path MAPS = Path.of("/proc/self/maps");

  @ParameterizedTest
  @ValueSource(longs = {1, 4096, 2 << 20, (2 << 20) + 1, 8 << 20})
  void memoryIsZeroAlignedAndUsable(long bytes) {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment memory = HugePages.allocate(arena, bytes, 4096);
      assertThat(memory.byteSize()).isEqualTo(bytes);
      assertThat(memory.address() % 4096).isZero();
      assertThat(memory.mismatch(arena.allocate(bytes))).isEqualTo(-1);
      memory.fill((byte) 1);
      assertThat(memory.get(ValueLayout.JAVA_BYTE, bytes - 1)).isEqualTo((byte) 1);
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void memoryEndsWithItsArena() throws IOException {
    long address;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = HugePages.allocate(arena, 64 << 20, 4096);
      address = memory.address();
      assertThat(address % (2 << 20)).isZero();
      assertThat(isMapped(address)).isTrue();
    }
    assertThat(isMapped(address)).isFalse();
  }

  private static boolean isMapped(long address) throws IOException {
    return Files.readAllLines(MAPS).stream()
        .map(line -> line.substring(0, line.indexOf(' ')).split("-"))
        .anyMatch(range ->
            Long.parseUnsignedLong(range[0], 16) <= address
                && address < Long.parseUnsignedLong(range[1], 16));
  }
}
