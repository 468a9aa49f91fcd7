// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.toolkit.device.HostMemory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class LinuxContextTests {
  private static final long MIB = 1 << 20;

  private final CountingMemory libc = new CountingMemory();
  private LinuxContext context = new LinuxContext(libc, OptionalInt.empty(), 64 * MIB);

  @AfterEach
  void allIsReturnedToTheSystem() {
    context.close();
    assertThat(libc.mapped).hasValue(0);
  }

  @Test
  void freedMemoryIsKeptForTheNextLoad() throws DeviceMemoryException {
    DeviceBuffer first = context.allocate(32 * MIB, 64);
    long address = first.address();
    first.close();
    long mapped = libc.mapped.get();

    try (DeviceBuffer second = context.allocate(30 * MIB + 5, 64)) {
      assertThat(second.address()).isEqualTo(address);
      assertThat(second.size()).isEqualTo(30 * MIB + 5);
      assertThat(libc.mapped).hasValue(mapped);
    }
  }

  @Test
  void keptMemoryOfAnotherSizeStaysKept() throws DeviceMemoryException {
    context.allocate(32 * MIB, 64).close();
    long kept = libc.mapped.get();
    try (DeviceBuffer small = context.allocate(8 * MIB, 64);
        DeviceBuffer large = context.allocate(40 * MIB, 64)) {
      assertThat(libc.mapped).hasValue(kept + small.size() + large.size());
    }
  }

  @Test
  void keptMemoryHasABound() throws DeviceMemoryException {
    try (DeviceBuffer a = context.allocate(40 * MIB, 64);
        DeviceBuffer b = context.allocate(30 * MIB, 64);
        DeviceBuffer c = context.allocate(100 * MIB, 64)) {
      assertThat(libc.mapped).hasValue(a.size() + b.size() + c.size());
    }
    assertThat(libc.mapped.get()).isLessThanOrEqualTo(64 * MIB).isPositive();
  }

  /** What is kept for a stream, and what it uses, are no more than its window. */
  @Test
  void memoryIsKeptForWhoAllocatesAgainAndAgain() throws DeviceMemoryException {
    DeviceBuffer before = context.allocate(70 * MIB, 64);
    DeviceContext.Keeping keeping = context.keep(200 * MIB);
    DeviceBuffer first = context.allocate(100 * MIB, 64);
    DeviceBuffer second = context.allocate(90 * MIB, 64);
    first.close();
    second.close();
    assertThat(libc.mapped).hasValue(70 * MIB + 190 * MIB);
    context.allocate(95 * MIB, 64).close();
    assertThat(libc.mapped).hasValue(70 * MIB + 190 * MIB);
    try (DeviceBuffer large = context.allocate(150 * MIB, 64)) {
      assertThat(libc.mapped.get()).isBetween(70 * MIB + large.size(), 70 * MIB + 200 * MIB);
    }
    before.close();
    assertThat(libc.mapped.get()).isLessThanOrEqualTo(200 * MIB);
    keeping.close();
    keeping.close();
    assertThat(libc.mapped.get()).isLessThanOrEqualTo(64 * MIB);
  }

  /** A window that is smaller than what is kept otherwise is kept to. */
  @Test
  void noMoreIsKeptThanTheWindow() throws DeviceMemoryException {
    context.allocate(32 * MIB, 64).close();
    try (DeviceContext.Keeping _ = context.keep(16 * MIB)) {
      assertThat(libc.mapped).hasValue(0);
      context.allocate(10 * MIB, 64).close();
      context.allocate(6 * MIB, 64).close();
      context.allocate(14 * MIB, 64).close();
      assertThat(libc.mapped.get()).isLessThanOrEqualTo(16 * MIB);
    }
  }

  @Test
  void memoryOfWhichAPageIsNotThereIsAnError() {
    libc.touchable = 64 * MIB;
    assertThatExceptionOfType(DeviceMemoryException.class)
        .isThrownBy(() -> context.allocate(100 * MIB, 64))
        .withMessageContaining("madvise: ENOMEM");
  }

  @Test
  void memoryFreedAfterCloseGoesToTheSystem() throws DeviceMemoryException {
    DeviceBuffer buffer = context.allocate(8 * MIB, 64);
    context.close();
    assertThat(libc.mapped).hasValue(8 * MIB);
    buffer.close();
    assertThat(libc.mapped).hasValue(0);
    assertThatIllegalStateException().isThrownBy(() -> context.allocate(8 * MIB, 64));
  }

  @Test
  void keptMemoryGivesWayWhereTheSystemHasNoOther() throws DeviceMemoryException {
    context.allocate(32 * MIB, 64).close();
    libc.limit = 60 * MIB;
    context.allocate(50 * MIB, 64).close();
    assertThatExceptionOfType(DeviceMemoryException.class)
        .isThrownBy(() -> context.allocate(70 * MIB, 64))
        .withMessageContaining("mmap: ENOMEM")
        .satisfies(e -> assertThat(e.neededBytes()).isEqualTo(70 * MIB));
  }

  @Test
  void moreThanTheMachineHasIsRefusedBeforeTheKernelKills() {
    Assumptions.assumeTrue(
        HostMemory.memory().isPresent(),
        "the system doesn't tell its memory: nothing to refuse by");
    libc.limit = 0; // so that no mistake can take the machine's memory
    assertThatExceptionOfType(DeviceMemoryException.class)
        .isThrownBy(() -> context.allocate(1L << 45, 64))
        .withMessageContaining("load fewer tensors")
        .withMessageNotContaining("mmap");
    assertThatExceptionOfType(DeviceMemoryException.class)
        .isThrownBy(() -> context.allocate(Long.MAX_VALUE, 64));
    assertThatExceptionOfType(DeviceMemoryException.class)
        .isThrownBy(() -> context.allocate(Long.MAX_VALUE - 100, 1L << 40));
  }

  @Test
  void addressesAreAlignedAsAsked() throws DeviceMemoryException {
    for (long bytes : List.of(1L, 4 * MIB, 9 * MIB)) {
      for (long alignment : List.of(1L, 64L, 4096L, 2 * MIB, 8 * MIB)) {
        try (DeviceBuffer buffer = context.allocate(bytes, alignment)) {
          assertThat(buffer.address() % alignment).isZero();
          fill(buffer);
        }
      }
    }
    assertThatIllegalArgumentException().isThrownBy(() -> context.allocate(1, 3));
    assertThatIllegalArgumentException().isThrownBy(() -> context.allocate(-1, 1));
  }

  private static void fill(DeviceBuffer buffer) {
    MemorySegment memory = buffer.host().orElseThrow();
    memory.fill((byte) 7);
    assertThat(memory.get(ValueLayout.JAVA_BYTE, buffer.size() - 1)).isEqualTo((byte) 7);
  }

  @Test
  void useAfterCloseIsAnException() throws DeviceMemoryException {
    DeviceBuffer buffer = context.allocate(8 * MIB, 64);
    MemorySegment memory = buffer.host().orElseThrow();
    buffer.close();
    assertThatIllegalStateException().isThrownBy(() -> memory.get(ValueLayout.JAVA_BYTE, 0));
  }

  @Test
  void largeMemoryIsTouchedAndSmallIsNot() throws DeviceMemoryException {
    context.allocate(MIB, 64).close();
    assertThat(libc.touched).hasValue(0);
    context.allocate(100 * MIB, 64).close();
    assertThat(libc.touched).hasValue(100 * MIB);
  }

  @Test
  void largeMemoryIsInHugePages() throws IOException {
    String mode = Files.readString(Path.of("/sys/kernel/mm/transparent_hugepage/enabled"));
    Assumptions.assumeFalse(mode.contains("[never]"), "huge pages are switched off here");
    try (DeviceBuffer buffer = context.allocate(32 * MIB, 64)) {
      long huge = hugeKilobytes(buffer.address());
      Assumptions.assumeTrue(huge > 0, "the system has no huge page free at the moment");
      assertThat(huge).isPositive();
    }
  }

  private static long hugeKilobytes(long address) throws IOException {
    boolean here = false;
    for (String line : Files.readAllLines(Path.of("/proc/self/smaps"))) {
      String[] words = line.split("\\s+", 3);
      if (words[0].matches("[0-9a-f]+-[0-9a-f]+")) {
        String[] ends = words[0].split("-", 2);
        here =
            Long.parseUnsignedLong(ends[0], 16) <= address
                && address < Long.parseUnsignedLong(ends[1], 16);
      } else if (here && words[0].equals("AnonHugePages:")) {
        return Long.parseLong(words[1]);
      }
    }
    return 0;
  }
}
