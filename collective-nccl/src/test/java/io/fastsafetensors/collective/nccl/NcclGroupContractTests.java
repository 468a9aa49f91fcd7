// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.nccl;

import io.fastsafetensors.Device;
import io.fastsafetensors.device.cuda.simulated.DriverChecks;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.testkit.CollectiveContract;
import io.fastsafetensors.testkit.LoopbackWorld;
import io.fastsafetensors.toolkit.plugin.Runtimes;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Groups over NCCL, simulated or real, keep the rules: the ranks are threads of one JVM, each with
 * a GPU of its own.
 */
@Tag("slow")
@ExtendWith({DriverChecks.class, NcclChecks.class})
final class NcclGroupContractTests extends CollectiveContract {
  @Override
  public World newWorld(int size, Duration timeout) throws IOException {
    return new LoopbackWorld(new NcclCollective(), size, timeout, this::device);
  }

  /** As many as there are GPUs; two ranks share one where NCCL is told to let them. */
  @Override
  public List<Integer> sizes() {
    int most = "1".equals(System.getenv("NCCL_MULTI_RANK_GPU_ENABLE")) ? 2 : 1;
    int largest = Math.max(most, devices());
    return super.sizes().stream().filter(size -> size <= largest).toList();
  }

  @Override
  public Device device(int rank) {
    return new Device("cuda", rank % devices());
  }

  private static int devices() {
    try {
      return Runtimes.of(new Device("cuda", 0)).devices().size();
    } catch (LoadException e) {
      throw new AssertionError(e);
    }
  }
}
