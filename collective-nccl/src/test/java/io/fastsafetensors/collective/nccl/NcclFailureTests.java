// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.nccl;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.Device;
import io.fastsafetensors.device.cuda.simulated.DriverChecks;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.Transport;
import io.fastsafetensors.toolkit.plugin.Runtimes;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Calls of the simulated NCCL that fail or hang end all ranks' operations in time, and leave no
 * communicator behind.
 */
@Tag("slow")
@ExtendWith({DriverChecks.class, NcclChecks.class})
final class NcclFailureTests {
  /** Longer than a rank waits, before it tells of its own failure, for that of another. */
  private static final Duration TIMEOUT = Duration.ofSeconds(6);

  private static final Duration SHORT_TIMEOUT = Duration.ofSeconds(1);
  private static final int SYSTEM_ERROR = 2;

  private static void broadcast(Transport group, DeviceContext context, DeviceStream stream)
      throws LoadException {
    try (DeviceBuffer buffer = context.allocate(1000, 256)) {
      group.broadcast(Region.of(buffer), 0, stream);
    }
  }

  private static void scatter(Transport group, DeviceContext context, DeviceStream stream)
      throws LoadException {
    try (DeviceBuffer all = context.allocate(2000, 256);
        DeviceBuffer own = context.allocate(1000, 256)) {
      List<Region> parts = List.of(Region.of(all, 0, 1000), Region.of(all, 1000, 1000));
      group.scatter(parts, Region.of(own), 0, stream);
    }
  }

  private static void allAreCollective(List<Exception> failures) {
    assertThat(failures).hasSize(2).allMatch(CollectiveException.class::isInstance);
  }

  @ParameterizedTest
  @ValueSource(strings = {"ncclBroadcast", "ncclCommGetAsyncError"})
  void callThatFailsIsToldToAll(String call) throws Exception {
    List<Exception> failures =
        Ranks.of(2, TIMEOUT)
            .failures((group, context, stream) -> {
              group.barrier();
              if (group.rank() == 0) {
                SimulatedNccl.get().fail(call, 1, SYSTEM_ERROR);
              }
              group.barrier();
              broadcast(group, context, stream);
              group.barrier();
            });
    allAreCollective(failures);
    assertThat(failures).anySatisfy(e -> assertThat(e).hasMessageContaining(call));
    assertThat(failures)
        .allSatisfy(e -> assertThat(e).hasMessageContaining("unhandled system error (2)"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"ncclSend", "ncclGroupEnd"})
  void groupOfCallsThatFailsIsToldToAll(String call) throws Exception {
    List<Exception> failures =
        Ranks.of(2, TIMEOUT)
            .failures((group, context, stream) -> {
              if (group.rank() == 0) {
                SimulatedNccl.get().fail(call, 1, SYSTEM_ERROR);
              }
              scatter(group, context, stream);
              group.barrier();
            });
    allAreCollective(failures);
    assertThat(failures).allSatisfy(e -> assertThat(e).hasMessageContaining(call));
  }

  @ParameterizedTest
  @ValueSource(strings = {"ncclBroadcast", "operation"})
  void callThatHangsEndsAtTheDeadline(String call) throws Exception {
    long start = System.nanoTime();
    List<Exception> failures =
        Ranks.of(2, SHORT_TIMEOUT)
            .failures((group, context, stream) -> {
              group.barrier();
              if (group.rank() == 0) {
                SimulatedNccl.get().hang(call, 1);
              }
              group.barrier();
              broadcast(group, context, stream);
              group.barrier();
            });
    allAreCollective(failures);
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(20));
  }

  @Test
  void operationThatFailsOnTheDeviceIsToldToAll() throws Exception {
    List<Exception> failures =
        Ranks.of(2, TIMEOUT)
            .failures((group, context, stream) -> {
              if (group.rank() == 0) {
                SimulatedNccl.get().fail("operation", 1, 1);
              }
              group.barrier();
              broadcast(group, context, stream);
              group.barrier();
            });
    allAreCollective(failures);
    assertThat(failures)
        .anySatisfy(e -> assertThat(e).hasMessageContaining("unhandled cuda error (1)"));
  }

  @Test
  void streamGoesOnAfterAFailureBeforeTheGroupIsClosed() throws Exception {
    List<Exception> failures =
        Ranks.of(2, SHORT_TIMEOUT)
            .failures((group, context, stream) -> {
              if (group.rank() == 0) {
                SimulatedNccl.get().hang("operation", 1);
              }
              group.barrier();
              try {
                broadcast(group, context, stream);
                group.barrier();
              } catch (CollectiveException e) {
                stream.record().await(Deadline.after(Duration.ofSeconds(10)));
                throw e;
              }
            });
    allAreCollective(failures);
  }

  @Test
  void startThatFailsIsToldToAll() throws Exception {
    SimulatedNccl.get().fail("ncclCommInitRankConfig", 1, SYSTEM_ERROR);
    List<Exception> failures = Ranks.of(2, TIMEOUT).failures((group, context, stream) -> {});
    allAreCollective(failures);
    assertThat(failures)
        .allSatisfy(e -> assertThat(e).hasMessageContaining("ncclCommInitRankConfig"));
  }

  @Test
  void startThatHangsEndsAtTheDeadline() throws Exception {
    SimulatedNccl.get().hang("ncclCommInitRankConfig", 1);
    allAreCollective(Ranks.of(2, SHORT_TIMEOUT).failures((group, context, stream) -> {}));
  }

  @Test
  void closeEndsAlsoWhereNcclNeverDoes() throws Exception {
    Ranks.of(2, SHORT_TIMEOUT)
        .run((group, context, stream) -> {
          broadcast(group, context, stream);
          if (group.rank() == 0) {
            SimulatedNccl.get().hang("ncclCommFinalize", 1);
          }
        });
  }

  @Test
  void twoRanksOfOneGpuAreNamed() throws Exception {
    List<Exception> failures =
        Ranks.sharing(new Device("cuda", 1), 2, TIMEOUT).failures((group, context, stream) -> {});
    allAreCollective(failures);
    assertThat(failures)
        .allSatisfy(e ->
            assertThat(e)
                .hasMessageContaining("ranks 0 and 1 have the same GPU, 0000:f1:00.0")
                .hasMessageContaining("NCCL_MULTI_RANK_GPU_ENABLE"));
  }

  @Test
  void dataOnAnotherGpuIsRefusedOnAllRanks() throws Exception {
    List<Exception> failures =
        Ranks.of(2, TIMEOUT)
            .failures((group, context, stream) -> {
              Device other = new Device("cuda", 7);
              try (DeviceContext wrong = Runtimes.of(other).open(other)) {
                wrong.attach();
                try (DeviceStream its = wrong.newStream()) {
                  broadcast(group, wrong, its);
                }
              } finally {
                context.attach();
              }
            });
    allAreCollective(failures);
    assertThat(failures).anySatisfy(e -> assertThat(e).hasMessageContaining("its data on cuda:7"));
  }

  @Test
  void moreRanksThanGpusAreRefused() throws Exception {
    assertThat(new NcclCollective().probe(new Device("cuda", 8)).toString())
        .contains("there is no cuda:8, only 8 devices: start one rank a GPU");
  }

  @Test
  void groupIsOnlyForDataOnGpus() {
    assertThat(new NcclCollective().probe(Device.CPU).toString())
        .contains("only for data on cuda devices");
  }
}
