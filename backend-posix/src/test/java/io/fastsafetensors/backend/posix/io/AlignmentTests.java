// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.Device;
import io.fastsafetensors.backend.posix.libc.Faults;
import io.fastsafetensors.backend.posix.libc.FileFacts.DirectRules;
import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.toolkit.io.RangeLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Where tensors lie in memory that is read into past the page cache. */
class AlignmentTests {
  private static final Device GPU = new Device("cuda", 0);
  private static final long LARGE = 1 << 20;

  /** A disk that writes to multiples of 4 bytes, and one to those of 512. */
  private static final DirectRules FINE = new DirectRules(4, 512);

  private static final DirectRules COARSE = new DirectRules(512, 512);

  /** As most files are: all tensors as far off a multiple of 256 as the first. */
  private static final List<ByteRange> EVEN = ranges(4104, 4104 + LARGE);

  private static final List<ByteRange> UNEVEN = ranges(4104, 4105 + LARGE);

  private static List<ByteRange> ranges(long... begins) {
    return LongStream.of(begins).mapToObj(begin -> new ByteRange(begin, begin + LARGE)).toList();
  }

  private static List<Long> offsets(Device device, DirectRules disk, List<ByteRange> ranges) {
    RangeLayout layout = layout(device, disk, ranges);
    return List.of(layout.offset(0), layout.offset(1));
  }

  private static RangeLayout layout(Device device, DirectRules disk, List<ByteRange> ranges) {
    try (DirectFile file = new DirectFile(Faults.real(), -1, disk)) {
      RangePlan plan = RangePlan.of(Path.of("model.safetensors"), 4 * LARGE, ranges);
      return Alignment.of(device, 0).layout(plan, file);
    }
  }

  @Test
  void aShiftOfAllAlignsThemWhereTheDiskTakesIt() {
    assertThat(layout(GPU, FINE, EVEN).spans().getFirst().bufferOffset()).isEqualTo(248);
    assertThat(offsets(GPU, FINE, EVEN)).allMatch(offset -> offset % 256 == 0);
    assertThat(offsets(Device.CPU, FINE, EVEN)).allMatch(offset -> offset % 64 == 0);
  }

  @Test
  void onAGpuLargeOnesAreMovedThatWouldBeOffMultiplesOf16() {
    assertThat(offsets(GPU, COARSE, EVEN)).allMatch(offset -> offset % 256 == 0);
    assertThat(offsets(GPU, FINE, UNEVEN)).allMatch(offset -> offset % 256 == 0);
  }

  @Test
  void inHostMemoryNothingIsMoved() {
    assertThat(offsets(Device.CPU, COARSE, EVEN)).containsExactly(8L, 8 + LARGE);
    assertThat(offsets(Device.CPU, FINE, UNEVEN)).allMatch(offset -> offset % 64 < 2);
  }
}
