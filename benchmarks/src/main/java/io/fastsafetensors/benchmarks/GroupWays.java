// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import io.fastsafetensors.Device;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.Transport;
import io.fastsafetensors.toolkit.group.Transports;
import io.fastsafetensors.toolkit.plugin.Runtimes;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Ways to bring bytes from rank 0 to both ranks; every rank takes part in each. */
final class GroupWays implements AutoCloseable {
  private static final Duration TIMEOUT = Duration.ofMinutes(1);

  /** One way. */
  @FunctionalInterface
  interface Way {
    void run() throws Exception;
  }

  private final ProcessGroup group;
  private final DeviceContext context;
  private final DeviceStream stream;
  private final DeviceBuffer source;
  private final DeviceBuffer target;
  private final RawTcp tcp;
  private final ExecutorService otherThread = Executors.newSingleThreadExecutor();

  GroupWays(ProcessGroup group, long most) throws IOException {
    this.group = group;
    context = Runtimes.of(Device.CPU).open(Device.CPU);
    stream = context.newStream();
    source = context.allocate(most, 4096);
    target = context.allocate(most, 4096);
    for (DeviceBuffer buffer : List.of(source, target)) {
      memory(buffer).fill((byte) 1);
    }
    tcp = RawTcp.connect(group);
  }

  private static MemorySegment memory(DeviceBuffer buffer) {
    return buffer.host().orElseThrow();
  }

  /** Returns ways to broadcast or to scatter so many bytes. */
  Map<String, Way> of(long bytes, boolean scatters) {
    Map<String, Way> ways = new LinkedHashMap<>();
    long share = scatters ? bytes / 2 : bytes;
    ways.put("processes", () -> exchange(Transports.of(group), bytes, scatters, stream));
    ways.put("tcp", () -> overTcp(share, scatters));
    ways.put("threads", () -> amongThreads(bytes, scatters));
    ways.put("copy", () -> copy(bytes));
    return ways;
  }

  private void exchange(Transport ranks, long bytes, boolean scatters, DeviceStream queue)
      throws LoadException {
    if (scatters) {
      List<Region> parts =
          List.of(Region.of(source, 0, bytes / 2), Region.of(source, bytes / 2, bytes / 2));
      Region part = Region.of(target, ranks.rank() * (bytes / 2), bytes / 2);
      ranks.scatter(ranks.rank() == 0 ? parts : List.of(), part, 0, queue);
    } else {
      ranks.broadcast(Region.of(ranks.rank() == 0 ? source : target, 0, bytes), 0, queue);
    }
    queue.record().await(Deadline.after(TIMEOUT));
  }

  /** Moves the other rank's share over the connection, and copies this rank's if there is one. */
  private void overTcp(long share, boolean scatters) throws IOException {
    if (group.rank() == 0) {
      tcp.send(memory(source).asSlice(0, share));
      if (scatters) {
        memory(target).asSlice(0, share).copyFrom(memory(source).asSlice(0, share));
      }
    } else {
      tcp.receive(memory(target).asSlice(0, share));
    }
  }

  /** Exchanges between two threads of the first process. */
  private void amongThreads(long bytes, boolean scatters) throws Exception {
    if (group.rank() != 0) {
      return;
    }
    List<Transport> ranks = Transports.local(2, TIMEOUT);
    try (DeviceStream second = context.newStream()) {
      Future<Boolean> other =
          otherThread.submit(() -> {
            exchange(ranks.get(1), bytes, scatters, second);
            return true;
          });
      exchange(ranks.get(0), bytes, scatters, stream);
      other.get();
    } finally {
      ranks.forEach(Transport::close);
    }
  }

  /** Copies on one thread. */
  private void copy(long bytes) {
    if (group.rank() == 0) {
      memory(target).asSlice(0, bytes).copyFrom(memory(source).asSlice(0, bytes));
    }
  }

  @Override
  public void close() throws IOException {
    otherThread.close();
    tcp.close();
    target.close();
    source.close();
    stream.close();
    context.close();
  }
}
