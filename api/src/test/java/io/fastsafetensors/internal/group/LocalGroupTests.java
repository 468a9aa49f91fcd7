// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.Transport;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What ranks that are threads do for each other. */
class LocalGroupTests {
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 8})
  void broadcastGivesEveryRankTheRootsBytes(int size) throws Exception {
    Ranks.all(
        size,
        rank -> {
          for (int root = 0; root < size; root++) {
            Region data = rank.number() == root ? rank.counted(100_003, root) : rank.zeros(100_003);
            rank.group().broadcast(data, root, rank.stream());
            assertThat(rank.bytes(data)).isEqualTo(Rank.countedBytes(100_003, root));
          }
        });
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 8})
  void scatterGivesEveryRankItsRowsAlsoUnequalAndEmptyOnes(int size) throws Exception {
    int root = size - 1;
    Ranks.all(
        size,
        rank -> {
          // Rank r gets the first 3 * r bytes of 4 rows that are 100 bytes apart.
          Region whole = rank.counted(400, 5);
          List<Region> parts = new ArrayList<>();
          for (int r = 0; r < size && rank.number() == root; r++) {
            parts.add(new Region(whole.buffer(), 0, 4, 3L * r, 100));
          }
          int rowBytes = 3 * rank.number();
          Region part = rank.zeros(4L * rowBytes);
          rank.group().scatter(parts, part, root, rank.stream());
          byte[] bytes = rank.bytes(part);
          for (int i = 0; i < bytes.length; i++) {
            long offset = i / rowBytes * 100L + i % rowBytes;
            assertThat(bytes[i]).isEqualTo(Rank.countedByte(offset, 5));
          }
        });
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 4, 8})
  void whatIsSentIsReceivedInOrder(int size) throws Exception {
    Ranks.all(
        size,
        rank -> {
          int next = (rank.number() + 1) % size;
          int previous = (rank.number() + size - 1) % size;
          for (int i = 1; i <= 20; i++) {
            Region data = rank.filled(1_000, 10 * rank.number() + i);
            Region received = rank.zeros(1_000);
            if (rank.number() % 2 == 0) {
              rank.group().send(data, next, rank.stream());
              rank.group().receive(received, previous, rank.stream());
            } else {
              rank.group().receive(received, previous, rank.stream());
              rank.group().send(data, next, rank.stream());
            }
            assertThat(rank.bytes(received)).containsOnly(10 * previous + i);
          }
        });
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 8})
  void allGatherTellsEveryRankEveryMessage(int size) throws Exception {
    Ranks.all(
        size,
        rank -> {
          for (int i = 0; i < 50; i++) {
            List<byte[]> all = rank.group().allGather(text("m" + i + "r" + rank.number()));
            for (int r = 0; r < size; r++) {
              assertThat(all.get(r)).isEqualTo(text("m" + i + "r" + r));
              all.get(r)[0] = 0; // Nobody else sees this.
            }
          }
          assertThat(rank.group().allGather(new byte[0]))
              .hasSize(size)
              .allMatch(m -> m.length == 0);
        });
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void barrierWaitsForTheLastRank() throws Exception {
    AtomicInteger arrived = new AtomicInteger();
    Ranks.all(
        4,
        rank -> {
          for (int i = 1; i <= 10; i++) {
            if (rank.number() == i % 4) {
              Thread.sleep(10);
            }
            arrived.incrementAndGet();
            rank.group().barrier();
            assertThat(arrived.get()).isGreaterThanOrEqualTo(4 * i);
            rank.group().barrier();
          }
        });
  }

  @Test
  void splitMakesGroupsWithRanksOfTheirOwn() throws Exception {
    Ranks.all(
        5,
        rank -> {
          boolean even = rank.number() % 2 == 0;
          try (Transport part = rank.group().split(even ? 0 : 1, -rank.number())) {
            assertThat(part.size()).isEqualTo(even ? 3 : 2);
            // The keys turn the order around: 4, 2, 0 and 3, 1.
            assertThat(part.rank()).isEqualTo((4 - rank.number()) / 2);
            Region data = rank.filled(10, part.rank() == 1 ? rank.number() : 0);
            part.broadcast(data, 1, rank.stream());
            assertThat(rank.bytes(data)).containsOnly(even ? 2 : 1);
            assertThat(part.split(0, 0).allGather(new byte[] {1})).hasSize(part.size());
          }
          rank.group().barrier();
        });
  }
}
