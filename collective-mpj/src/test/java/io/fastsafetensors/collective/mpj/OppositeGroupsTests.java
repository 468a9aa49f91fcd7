// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.mpj;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.Device;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.Transport;
import io.fastsafetensors.testkit.LoopbackWorld;
import io.fastsafetensors.toolkit.plugin.Runtimes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two groups of the same ranks send in opposite directions at once. */
@Timeout(120)
class OppositeGroupsTests {
  private static final Duration TIMEOUT = Duration.ofSeconds(20);
  private static final int RANKS = 2;
  private static final long BYTES = 200L << 20;
  private static final byte MARK = 42;
  private static final int TIMES = 3;

  @BeforeAll
  static void needsMpj() {
    MpjGroupContractTests.assumeMpj();
  }

  @Test
  void largeTransfersDontBlockEachOther() throws Exception {
    LoopbackWorld world =
        new LoopbackWorld(new MpjCollective(), RANKS, TIMEOUT, rank -> Device.CPU);
    List<Future<?>> ranks = new ArrayList<>();
    try (ExecutorService threads = Executors.newCachedThreadPool()) {
      for (int rank = 0; rank < RANKS; rank++) {
        int own = rank;
        ranks.add(threads.submit(() -> run(world, own, threads)));
      }
      for (Future<?> rank : ranks) {
        rank.get(3 * TIMEOUT.toSeconds(), TimeUnit.SECONDS);
      }
    }
  }

  private static boolean run(LoopbackWorld world, int rank, ExecutorService threads)
      throws Exception {
    try (Transport whole = world.join(rank);
        Transport one = whole.split(0, rank);
        Transport other = whole.split(0, rank)) {
      List<Future<?>> both =
          List.of(threads.submit(transfers(one, 0)), threads.submit(transfers(other, 1)));
      for (Future<?> each : both) {
        each.get(2 * TIMEOUT.toSeconds(), TimeUnit.SECONDS);
      }
      whole.barrier();
      return true;
    }
  }

  private static Callable<Boolean> transfers(Transport group, int sender) {
    return () -> {
      try (DeviceContext context = Runtimes.of(Device.CPU).open(Device.CPU);
          DeviceStream stream = context.newStream();
          DeviceBuffer buffer = context.allocate(BYTES, 64)) {
        boolean sends = group.rank() == sender;
        buffer.host().orElseThrow().fill(sends ? MARK : 0);
        for (int i = 0; i < TIMES; i++) {
          if (sends) {
            group.send(Region.of(buffer), 1 - sender, stream);
          } else {
            group.receive(Region.of(buffer), sender, stream);
          }
        }
        stream.record().await(Deadline.after(TIMEOUT));
        assertThat(buffer.host().orElseThrow().asSlice(BYTES - 1).asByteBuffer().get())
            .isEqualTo(MARK);
        return true;
      }
    };
  }
}
