// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.StreamMark;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Eight streams with work at the same time, the last awaited first. */
final class ManyStreams {
  private static final int COUNT = 8;
  private static final int BYTES = 100_000;

  private record Work(
      DeviceStream stream, DeviceBuffer buffer, MemorySegment result, StreamMark mark) {}

  private ManyStreams() {}

  static void awaitBackwards(DeviceBench bench, Rule rule) throws LoadException {
    List<Work> all = new ArrayList<>();
    for (int i = 0; i < COUNT; i++) {
      all.add(start(bench, i));
    }
    for (Work work : all.reversed()) {
      work.mark().await(bench.soon());
      DeviceBench.same(
          rule,
          DeviceBench.pattern(all.indexOf(work), BYTES),
          DeviceBench.bytes(work.result()),
          "the result of one of " + COUNT + " streams");
    }
    for (Work work : all) {
      work.stream().close();
      work.buffer().close();
    }
  }

  private static Work start(DeviceBench bench, int seed) throws LoadException {
    DeviceStream stream = bench.context.newStream();
    DeviceBuffer buffer = bench.buffer(BYTES);
    MemorySegment result = bench.host(BYTES);
    stream.copyFromHost(bench.host(DeviceBench.pattern(seed, BYTES)), Region.of(buffer));
    stream.copyToHost(Region.of(buffer), result);
    return new Work(stream, buffer, result, stream.record());
  }
}
