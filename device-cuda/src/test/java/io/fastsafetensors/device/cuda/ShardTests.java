// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.Device;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.Loader;
import io.fastsafetensors.Part;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.TensorOptions;
import io.fastsafetensors.device.cuda.simulated.DriverChecks;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Ranks that are threads shard a file of rank 0 between GPUs, against the same on the CPU. */
@ExtendWith(DriverChecks.class)
class ShardTests {
  private static final int RANKS = 3;

  @TempDir Path folder;

  @Test
  void shardsOfDevicesOfTheirOwn() throws Exception {
    int devices = new CudaRuntime().devices().size();
    isAsOnTheCpu(rank -> new Device("cuda", rank % devices));
  }

  @Test
  void shardsOfOneDevice() throws Exception {
    isAsOnTheCpu(rank -> new Device("cuda", 0));
  }

  private void isAsOnTheCpu(IntFunction<Device> devices) throws Exception {
    Path file = Checkpoint.write(folder);
    assertThat(shards(file, devices)).isDeepEqualTo(shards(file, rank -> Device.CPU));
  }

  /** Returns of each rank a shard along each dimension, and a tensor of all. */
  private static byte[][][] shards(Path file, IntFunction<Device> devices) throws Exception {
    List<ProcessGroup> groups = ProcessGroup.local(RANKS, Duration.ofMinutes(1));
    List<Future<byte[][]>> ranks = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(RANKS)) {
      for (ProcessGroup group : groups) {
        ranks.add(threads.submit(() -> shards(file, devices.apply(group.rank()), group)));
      }
      byte[][][] all = new byte[RANKS][][];
      for (int i = 0; i < RANKS; i++) {
        all[i] = ranks.get(i).get(2, TimeUnit.MINUTES);
      }
      return all;
    }
  }

  private static byte[][] shards(Path file, Device device, ProcessGroup group) throws Exception {
    try (group;
        Loader loader = Loader.builder().device(device).group(group).build()) {
      loader.addFiles(0, List.of(file));
      try (FileBuffer buffer = loader.load();
          Tensor rows = buffer.tensor("weights", TensorOptions.of(Part.shard(0)));
          Tensor columns = buffer.tensor("bias", TensorOptions.of(Part.shard(1)));
          Tensor whole = buffer.tensor("odd")) {
        return new byte[][] {
          LoadTests.bytes(rows), LoadTests.bytes(columns), LoadTests.bytes(whole)
        };
      }
    }
  }
}
