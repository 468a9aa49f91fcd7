// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.nccl;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.device.cuda.simulated.DriverChecks;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.Transport;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A communicator that doesn't block queues what it is asked for some time after the call. Until
 * then the stream has nothing to wait for, and an operation that looks at it alone would be over.
 */
@ExtendWith({DriverChecks.class, NcclChecks.class})
final class LateLaunchTests {
  private static final Duration TIMEOUT = Duration.ofSeconds(20);
  private static final int RANKS = 2;
  private static final int BYTES = 100_000;

  /** Far longer than a rank needs to look at its stream. */
  private static final Executor LATER =
      CompletableFuture.delayedExecutor(500, TimeUnit.MILLISECONDS);

  enum Operation {
    BROADCAST,
    SCATTER,
    SEND
  }

  @ParameterizedTest
  @EnumSource(Operation.class)
  void whatIsQueuedLateIsWaitedFor(Operation operation) throws Exception {
    SimulatedNccl nccl = SimulatedNccl.get();
    for (int rank = 0; rank < RANKS; rank++) {
      nccl.hang("launch", 1);
    }
    Ranks.of(RANKS, TIMEOUT)
        .run((group, context, stream) -> {
          byte[] bytes = new byte[BYTES];
          Arrays.fill(bytes, (byte) 1);
          try (DeviceBuffer all = context.allocate(BYTES, 256);
              DeviceBuffer own = context.allocate(BYTES, 256)) {
            write(group.rank() == 0 ? bytes : new byte[BYTES], own, stream);
            group.barrier();
            if (group.rank() == 0) {
              LATER.execute(nccl::reset);
            }
            perform(operation, group, all, own, stream);
            assertThat(read(own, stream)).isEqualTo(bytes);
          }
        });
  }

  private static void perform(
      Operation operation,
      Transport group,
      DeviceBuffer empty,
      DeviceBuffer own,
      DeviceStream stream)
      throws Exception {
    Region data = Region.of(own);
    switch (operation) {
      case BROADCAST -> group.broadcast(data, 0, stream);
      case SCATTER ->
          group.scatter(
              group.rank() == 0 ? List.of(data, data) : List.of(),
              group.rank() == 0 ? Region.of(empty) : data,
              0,
              stream);
      case SEND -> {
        if (group.rank() == 0) {
          group.send(data, 1, stream);
        } else {
          group.receive(data, 0, stream);
        }
      }
    }
  }

  private static void write(byte[] bytes, DeviceBuffer target, DeviceStream stream)
      throws Exception {
    MemorySegment memory = Arena.ofAuto().allocate(BYTES);
    memory.copyFrom(MemorySegment.ofArray(bytes));
    stream.copyFromHost(memory, Region.of(target));
    stream.record().await(Deadline.after(TIMEOUT));
  }

  private static byte[] read(DeviceBuffer source, DeviceStream stream) throws Exception {
    MemorySegment memory = Arena.ofAuto().allocate(BYTES);
    stream.copyToHost(Region.of(source), memory);
    stream.record().await(Deadline.after(TIMEOUT));
    return memory.toArray(ValueLayout.JAVA_BYTE);
  }
}
