// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.nccl;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.device.cuda.simulated.DriverChecks;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.Transport;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Parts that need several chunks, whose borders cut rows. */
@ExtendWith({DriverChecks.class, NcclChecks.class})
final class LargeScatterTests {
  private static final Duration TIMEOUT = Duration.ofSeconds(20);

  /** A matrix of 32-bit numbers, cut by columns. A row of a part is no divisor of a chunk. */
  private static final int ROWS = 1500;

  private static final int COLUMNS = 28_001;

  @Test
  void rowsThatDontFitOneChunkArrive() throws Exception {
    Ranks.of(3, TIMEOUT).run(LargeScatterTests::scatterColumns);
  }

  private static void scatterColumns(Transport group, DeviceContext context, DeviceStream stream)
      throws Exception {
    int width = Math.ceilDiv(COLUMNS, group.size());
    int first = group.rank() * width;
    int count = Math.min(COLUMNS, first + width) - first;
    long bytes = 4L * ROWS * COLUMNS;
    try (Arena arena = Arena.ofShared();
        DeviceBuffer matrix = context.allocate(group.rank() == 0 ? bytes : 0, 256);
        DeviceBuffer own = context.allocate(4L * ROWS * count, 256)) {
      if (group.rank() == 0) {
        stream.copyFromHost(matrix(arena), Region.of(matrix));
      }
      List<Region> parts =
          group.rank() == 0
              ? List.of(part(matrix, 0, width), part(matrix, 1, width), part(matrix, 2, width))
              : List.of();
      group.scatter(parts, Region.of(own), 0, stream);
      check(arena, stream, own, first, count);
    }
  }

  private static Region part(DeviceBuffer matrix, int rank, int width) {
    int first = rank * width;
    int count = Math.min(COLUMNS, first + width) - first;
    return new Region(matrix, 4L * first, ROWS, 4L * count, 4L * COLUMNS);
  }

  private static MemorySegment matrix(Arena arena) {
    MemorySegment matrix = arena.allocate(4L * ROWS * COLUMNS, 8);
    for (long i = 0; i < (long) ROWS * COLUMNS; i++) {
      matrix.setAtIndex(ValueLayout.JAVA_INT, i, (int) i);
    }
    return matrix;
  }

  private static void check(
      Arena arena, DeviceStream stream, DeviceBuffer own, int first, int count)
      throws LoadException {
    MemorySegment got = arena.allocate(own.size(), 8);
    stream.copyToHost(Region.of(own), got);
    stream.record().await(Deadline.after(TIMEOUT));
    long wrong = 0;
    for (int row = 0; row < ROWS; row++) {
      for (int column = 0; column < count; column++) {
        int wanted = row * COLUMNS + first + column;
        wrong +=
            got.getAtIndex(ValueLayout.JAVA_INT, (long) row * count + column) == wanted ? 0 : 1;
      }
    }
    assertThat(wrong).as("wrong elements").isZero();
  }
}
