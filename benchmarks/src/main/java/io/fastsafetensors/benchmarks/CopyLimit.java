// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import io.fastsafetensors.Device;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.toolkit.plugin.Runtimes;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** What copies from pinned memory to a device give at best: nothing is read meanwhile. */
final class CopyLimit implements Way.Run {
  private static final long BLOCK = 4L << 20;
  private static final long PINNED = 256L << 20;

  private final DeviceContext context;
  private final DeviceBuffer pinned;
  private final DeviceBuffer target;
  private final List<DeviceStream> streams = new ArrayList<>();
  private final long bytes;

  private CopyLimit(DeviceContext context, long bytes) throws LoadException {
    this.context = context;
    this.bytes = bytes;
    this.pinned = context.allocateStaging(PINNED);
    this.target = context.allocate(PINNED, BLOCK);
  }

  /** Opens the device and copies everything once, before the copies that are timed. */
  static CopyLimit prepare(Device device, long bytes, int streams) throws LoadException {
    DeviceContext context = Runtimes.of(device).open(device);
    context.attach();
    CopyLimit limit = new CopyLimit(context, bytes);
    for (int i = 0; i < streams; i++) {
      limit.streams.add(context.newStream());
    }
    limit.copyAll();
    return limit;
  }

  @Override
  public long nanos() throws LoadException {
    long start = System.nanoTime();
    copyAll();
    return System.nanoTime() - start;
  }

  private void copyAll() throws LoadException {
    MemorySegment source = pinned.host().orElseThrow();
    for (long done = 0; done < bytes; done += BLOCK) {
      long from = done % PINNED;
      long count = Math.min(BLOCK, bytes - done);
      DeviceStream stream = streams.get((int) (done / BLOCK % streams.size()));
      stream.copyFromHost(source.asSlice(from, count), Region.of(target, from, count));
    }
    for (DeviceStream stream : streams) {
      stream.record().await(Deadline.after(Duration.ofMinutes(5)));
    }
  }

  @Override
  public void close() {
    try (context;
        pinned;
        target) {
      context.attach();
      streams.forEach(DeviceStream::close);
    }
  }
}
