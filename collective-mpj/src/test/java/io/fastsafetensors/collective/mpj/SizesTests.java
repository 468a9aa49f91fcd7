// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.mpj;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.Device;
import io.fastsafetensors.format.LoadException;
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
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Ranks that disagree about a size are told both sizes, whatever the way of the bytes. */
@Tag("slow")
@Timeout(120)
class SizesTests {
  /** So long that who only waits for it shows. */
  private static final Duration TIMEOUT = Duration.ofSeconds(100);

  private static final int RANKS = 3;
  private static final int LAST = RANKS - 1;

  @BeforeAll
  static void needsMpj() {
    MpjGroupContractTests.assumeMpj();
  }

  /** What a rank does with memory of its size. */
  private interface Work {
    void run(Transport group, Region data, DeviceStream stream) throws LoadException;
  }

  /** Below and above what is sent at once, of one chunk and of several, and whole chunks more. */
  @ParameterizedTest
  @CsvSource({
    "100, 200",
    "100, 20000000",
    "20000000, 100",
    "131073, 131074",
    "16777216, 33554432",
    "33554432, 16777216",
    "20000000, 50000000",
    "50000000, 20000000"
  })
  void sendIsToldToBoth(long sent, long expected) throws Exception {
    check(
        (group, data, stream) -> {
          if (group.rank() == 0) {
            group.send(data, LAST, stream);
            group.barrier();
          } else if (group.rank() == LAST) {
            group.receive(data, 0, stream);
          } else {
            group.barrier();
          }
        },
        sent,
        expected);
  }

  @ParameterizedTest
  @CsvSource({"20000000, 50000000", "50000000, 20000000", "200000, 100", "100, 200000"})
  void broadcastIsToldToAll(long sent, long expected) throws Exception {
    check(
        (group, data, stream) -> {
          group.broadcast(data, 0, stream);
          group.barrier();
        },
        sent,
        expected);
  }

  @ParameterizedTest
  @CsvSource({"20000000, 50000000", "50000000, 20000000", "200000, 100", "100, 200000"})
  void scatterIsToldToAll(long sent, long expected) throws Exception {
    check(
        (group, data, stream) -> {
          group.scatter(group.rank() == 0 ? List.of(data, data, data) : List.of(), data, 0, stream);
          group.barrier();
        },
        sent,
        expected);
  }

  /** All ranks have memory of one size, the last of another. */
  private static void check(Work work, long sent, long expected) throws Exception {
    LoopbackWorld world =
        new LoopbackWorld(new MpjCollective(), RANKS, TIMEOUT, rank -> Device.CPU);
    List<Future<String>> ranks = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(RANKS)) {
      for (int rank = 0; rank < RANKS; rank++) {
        long bytes = rank == LAST ? expected : sent;
        int own = rank;
        ranks.add(threads.submit(failure(world, own, bytes, work)));
      }
    }
    for (Future<String> rank : ranks) {
      assertThat(rank.get(TIMEOUT.toSeconds(), TimeUnit.SECONDS))
          .contains("sends %d bytes where this rank expects %d".formatted(sent, expected));
    }
  }

  private static Callable<String> failure(LoopbackWorld world, int rank, long bytes, Work work) {
    return () -> {
      try (Transport group = world.join(rank);
          DeviceContext context = Runtimes.of(Device.CPU).open(Device.CPU);
          DeviceStream stream = context.newStream();
          DeviceBuffer buffer = context.allocate(bytes, 64)) {
        work.run(group, Region.of(buffer), stream);
        return "no error";
      } catch (LoadException e) {
        return e.getMessage();
      }
    };
  }
}
