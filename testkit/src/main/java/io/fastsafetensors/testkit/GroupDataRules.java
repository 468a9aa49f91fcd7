// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.Transport;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * The rules C-101, C-103 to C-107, C-112, C-116 and D-203: what ranks exchange.
 *
 * @since 0.1
 */
public interface GroupDataRules extends GroupRules {
  /**
   * Rule C-101: each rank once, and the size and the timeout asked for.
   *
   * @return a test a size
   */
  @TestFactory
  default Stream<DynamicTest> required_c101_ranksSizeAndTimeout() {
    return RankBench.forSizes(
        "C-101",
        this,
        1,
        (rank, rule) -> {
          List<byte[]> ranks = rank.group().allGather(new byte[] {(byte) rank.rank()});
          rule.same(rank.size(), ranks.size(), "the number of messages");
          for (int i = 0; i < rank.size(); i++) {
            rule.check(Arrays.equals(new byte[] {(byte) i}, ranks.get(i)), "nobody is rank " + i);
          }
          if (rank.size() > 1) {
            rule.same(environment().patience(), rank.group().timeout(), "timeout()");
          }
        });
  }

  /**
   * Rule C-103: every rank gets the root's bytes, in the order of the stream.
   *
   * @return a test a size
   */
  @TestFactory
  default Stream<DynamicTest> required_c103_broadcast() {
    return RankBench.forSizes(
        "C-103",
        this,
        1,
        (rank, rule) -> {
          for (int bytes : new int[] {0, 1, 1001, (1 << 20) + 3}) {
            for (int root = 0; root < rank.size(); root++) {
              Exchanges.broadcast(rank, rule, root, bytes);
            }
          }
          if (rank.size() <= 3) { // more than a transport moves at once
            Exchanges.broadcast(rank, rule, rank.size() - 1, (9 << 20) + 5);
          }
        });
  }

  /**
   * Rule C-104: every rank gets its part, of any size, from rows at any distance.
   *
   * @return a test a size
   */
  @TestFactory
  default Stream<DynamicTest> required_c104_scatter() {
    return RankBench.forSizes(
        "C-104",
        this,
        1,
        (rank, rule) -> {
          for (int root = 0; root < rank.size(); root++) {
            Exchanges.scatterUnequalParts(rank, rule, root);
            Exchanges.scatterColumns(rank, rule, root, 5, 1);
            Exchanges.scatterColumns(rank, rule, root, 1000, 37);
          }
        });
  }

  /**
   * Rule C-105: messages of any size, by rank, the receiver's own.
   *
   * @return a test a size
   */
  @TestFactory
  default Stream<DynamicTest> required_c105_allGather() {
    return RankBench.forSizes(
        "C-105",
        this,
        1,
        (rank, rule) -> {
          for (int unit : new int[] {0, 1, 1000, 300_000}) {
            Exchanges.allGather(rank, rule, 0, unit);
          }
        });
  }

  /**
   * Rule C-106: what one rank sends another receives, and nobody else is concerned.
   *
   * @return a test a size
   */
  @TestFactory
  default Stream<DynamicTest> required_c106_sendAndReceive() {
    return RankBench.forSizes(
        "C-106",
        this,
        2,
        (rank, rule) -> {
          for (int from = 0; from < rank.size(); from++) {
            for (int to = 0; to < rank.size(); to++) {
              Exchanges.send(rank, rule, from, to, 10_007 * (from + to) % 30_000);
            }
          }
          Exchanges.send(rank, rule, 0, rank.size() - 1, (1 << 20) + 1);
          Exchanges.send(rank, rule, rank.size() - 1, 0, 0);
        });
  }

  /**
   * Rule C-106: ranks that are none are the caller's mistake, found before anything is exchanged.
   *
   * @return a test a size
   */
  @TestFactory
  default Stream<DynamicTest> required_c106_ranksThatAreNoneAreRefused() {
    return RankBench.forSizes(
        "C-106",
        this,
        1,
        (rank, rule) -> {
          Region region = Region.of(rank.device().filled(10, 1));
          Transport group = rank.group();
          for (int none : new int[] {-1, rank.size()}) {
            rank.isMistake(
                rule,
                "broadcast() from rank " + none,
                () -> group.broadcast(region, none, rank.stream()));
            rank.isMistake(
                rule,
                "scatter() from rank " + none,
                () -> group.scatter(List.of(), region, none, rank.stream()));
            rank.isMistake(
                rule, "send() to rank " + none, () -> group.send(region, none, rank.stream()));
            rank.isMistake(
                rule,
                "receive() from rank " + none,
                () -> group.receive(region, none, rank.stream()));
          }
          rank.isMistake(
              rule, "send() to itself", () -> group.send(region, rank.rank(), rank.stream()));
          group.barrier();
        });
  }

  /**
   * Rule C-107: groups of equal colour, ordered by key, independent of each other.
   *
   * @return a test a size
   */
  @TestFactory
  default Stream<DynamicTest> required_c107_split() {
    return RankBench.forSizes(
        "C-107",
        this,
        1,
        (rank, rule) -> {
          Subgroups.backwards(rank, rule);
          Subgroups.equalKeys(rank, rule);
          Exchanges.broadcast(rank, rule, 0, 5000); // the old group goes on
          rank.group().barrier();
        });
  }

  /**
   * Rule C-112: many operations, one after the other, keep their order.
   *
   * @return a test a size
   */
  @TestFactory
  default Stream<DynamicTest> required_c112_operationsKeepTheirOrder() {
    return RankBench.forSizes(
        "C-112",
        this,
        2,
        (rank, rule) -> {
          Random random = new Random(42); // the same on every rank
          for (int i = 0; i < 60; i++) {
            int root = random.nextInt(rank.size());
            int other = (root + 1 + random.nextInt(rank.size() - 1)) % rank.size();
            int bytes = random.nextInt(5000);
            switch (random.nextInt(5)) {
              case 0 -> rank.group().barrier();
              case 1 -> Exchanges.broadcast(rank, rule, root, bytes);
              case 2 -> Exchanges.scatterUnequalParts(rank, rule, root);
              case 3 -> Exchanges.send(rank, rule, root, other, bytes);
              default -> Exchanges.allGather(rank, rule, i + 1, bytes);
            }
          }
        });
  }

  /**
   * Rule D-203, of which a group is the caller: a device's own thread may copy what it is given.
   *
   * @return a test a size
   */
  @TestFactory
  default Stream<DynamicTest> required_d203_hostMemoryIsForEveryThread() {
    return RankBench.forSizes(
        "D-203",
        this,
        2,
        (rank, rule) -> {
          Exchanges.broadcast(rank, rule, 0, 10_000);
          Exchanges.scatterUnequalParts(rank, rule, 0);
          Exchanges.send(rank, rule, 0, rank.size() - 1, 10_000);
          rank.context().checkHostMemory(rule);
        });
  }

  /**
   * Rule C-116: more bytes than an int counts, if {@link TestkitEnvironment#large} says so.
   *
   * @throws Exception if the group can't be made
   */
  @Test
  default void required_c116_moreThan2GiB() throws Exception {
    Assumptions.assumeTrue(
        environment().large(), "takes 6 GiB of memory: set fst.testkit.large=true");
    int size = sizes().stream().filter(ranks -> ranks > 1).min(Integer::compare).orElse(1);
    Assumptions.assumeTrue(size > 1, "sizes() has no group of several ranks");
    RankBench.run("C-116", this, size, Exchanges::largeBroadcast);
  }
}
