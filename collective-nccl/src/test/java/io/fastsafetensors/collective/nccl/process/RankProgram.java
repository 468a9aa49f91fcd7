// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.nccl.process;

import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.Device;
import io.fastsafetensors.GroupConfig;
import io.fastsafetensors.Plugins;
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
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A process of a test: probes, or is a rank of the group that its environment tells of. */
public final class RankProgram {
  private static final int BYTES = 3_000_001;

  private RankProgram() {}

  /** Runs {@code probe}, {@code broadcast} once, or {@code broadcast} for ever. */
  public static void main(String[] arguments) throws Exception {
    switch (arguments[0]) {
      case "probe" ->
          Plugins.installed().probe(new Device("cuda", 0)).stream()
              .filter(report -> report.id().equals("nccl"))
              .forEach(report -> print("nccl " + report.available() + " " + report.detail()));
      case "broadcast" -> broadcast(Integer.parseInt(arguments[1]));
      default -> throw new IllegalArgumentException(arguments[0]);
    }
  }

  private static void print(String line) {
    System.out.println(line);
  }

  private static void broadcast(int times) throws Exception {
    int rank = Integer.parseInt(System.getenv("LOCAL_RANK"));
    GroupConfig config =
        GroupConfig.fromEnvironment().orElseThrow().toBuilder()
            .device(new Device("cuda", rank))
            .build();
    try (DeviceContext context = Runtimes.of(config.device()).open(config.device())) {
      context.attach();
      try (DeviceStream stream = context.newStream();
          ProcessGroup group = ProcessGroup.join(config)) {
        for (int i = 0; i < times; i++) {
          broadcast(Transports.of(group), context, stream, i % group.size());
          print("broadcast " + i);
        }
        print("ended well");
      }
    } catch (CollectiveException e) {
      print("lost peer " + e.peer() + ": " + e.getMessage());
      System.exit(1);
    }
  }

  private static void broadcast(
      Transport group, DeviceContext context, DeviceStream stream, int root) throws LoadException {
    byte[] wanted = new byte[BYTES];
    for (int i = 0; i < BYTES; i++) {
      wanted[i] = (byte) (i * 31 + root);
    }
    try (Arena arena = Arena.ofShared();
        DeviceBuffer buffer = context.allocate(BYTES, 256)) {
      MemorySegment host = arena.allocate(BYTES);
      MemorySegment.copy(wanted, 0, host, ValueLayout.JAVA_BYTE, 0, BYTES);
      if (group.rank() == root) {
        stream.copyFromHost(host, Region.of(buffer));
      }
      group.broadcast(Region.of(buffer), root, stream);
      MemorySegment got = arena.allocate(BYTES);
      stream.copyToHost(Region.of(buffer), got);
      stream.record().await(Deadline.after(group.timeout()));
      if (got.mismatch(host) >= 0) {
        throw new AssertionError("byte " + got.mismatch(host) + " of rank " + group.rank());
      }
    }
  }
}
