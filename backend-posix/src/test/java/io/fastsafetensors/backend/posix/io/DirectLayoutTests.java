// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.Device;
import io.fastsafetensors.backend.posix.libc.Faults;
import io.fastsafetensors.backend.posix.libc.FileFacts.DirectRules;
import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.toolkit.io.RangeLayout;
import io.fastsafetensors.toolkit.io.RangeLayout.Span;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where ranges are in memory is where they are read to, whatever alignment a disk asks for. */
class DirectLayoutTests {
  private static final long MIB = 1 << 20;
  private static final Alignment ALIGNMENT = Alignment.of(Device.CPU, 0);
  private static final List<ByteRange> RANGES =
      List.of(
          new ByteRange(5_012, 2 * MIB + 12),
          new ByteRange(2 * MIB + 12, 2 * MIB + 1_036),
          new ByteRange(9 * MIB + 4, 9 * MIB + 5));

  private static RangeLayout layout(int memoryGrain) {
    RangePlan plan = RangePlan.of(Path.of("f"), 1L << 40, RANGES);
    DirectFile direct = new DirectFile(Faults.real(), -1, new DirectRules(memoryGrain, 512));
    return ALIGNMENT.layout(plan, direct);
  }

  private static List<Region> regions(RangeLayout layout) {
    return layout.regions(
        DeviceBuffer.ofHost(Arena.ofAuto().allocate(layout.bytes(), 4096), () -> {}));
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 512, 4096})
  void regionsAreWhereTheirBytesAreReadTo(int memoryGrain) {
    RangeLayout layout = layout(memoryGrain);
    List<Region> regions = regions(layout);
    for (int i = 0; i < RANGES.size(); i++) {
      ByteRange range = RANGES.get(i);
      Span span =
          layout.spans().stream()
              .filter(one -> one.fileOffset() <= range.begin() && range.end() <= one.fileEnd())
              .findFirst()
              .orElseThrow();
      assertThat(regions.get(i).offset())
          .isEqualTo(span.bufferOffset() + range.begin() - span.fileOffset());
    }
  }

  @Test
  void theFirstRangeIsAlignedWhereTheDiskAllows() {
    assertThat(regions(layout(4)).getFirst().offset() % ALIGNMENT.bytes()).isZero();
    assertThat(layout(4).spans().getFirst().bufferOffset()).isPositive();
    assertThat(layout(512).spans().getFirst().bufferOffset()).isZero();
  }
}
