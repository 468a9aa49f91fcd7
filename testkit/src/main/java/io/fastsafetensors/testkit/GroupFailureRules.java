// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.Transport;
import io.fastsafetensors.testkit.ProcessSnapshot.LeakCheck;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.function.ThrowingConsumer;

/**
 * The rules C-102, C-108 to C-111, C-113 to C-115 and C-117: time, loss and closing.
 *
 * @since 0.1
 */
public interface GroupFailureRules extends GroupRules {
  /**
   * Rule C-102: a barrier without one rank ends.
   *
   * @return a test a size
   */
  @TestFactory
  default Stream<DynamicTest> required_c102_barrierEndsInTime() {
    return withoutLast("barrier()", rank -> rank.group().barrier());
  }

  /**
   * Rule C-102: gathering messages without one rank ends.
   *
   * @return a test a size
   */
  @TestFactory
  default Stream<DynamicTest> required_c102_allGatherEndsInTime() {
    return withoutLast("allGather()", rank -> rank.group().allGather(new byte[10]));
  }

  /**
   * Rule C-102: a broadcast without its root ends.
   *
   * @return a test a size
   */
  @TestFactory
  default Stream<DynamicTest> required_c102_broadcastEndsInTime() {
    return withoutLast(
        "broadcast()",
        rank -> rank.group().broadcast(tenBytes(rank), rank.size() - 1, rank.stream()));
  }

  /**
   * Rule C-102: a scatter without its root ends.
   *
   * @return a test a size
   */
  @TestFactory
  default Stream<DynamicTest> required_c102_scatterEndsInTime() {
    return withoutLast(
        "scatter()",
        rank -> rank.group().scatter(List.of(), tenBytes(rank), rank.size() - 1, rank.stream()));
  }

  /**
   * Rule C-102: receiving from a rank that doesn't send ends.
   *
   * @return a test a size
   */
  @TestFactory
  default Stream<DynamicTest> required_c102_receiveEndsInTime() {
    return withoutLast(
        "receive()", rank -> rank.group().receive(tenBytes(rank), rank.size() - 1, rank.stream()));
  }

  /**
   * Rule C-102: splitting without one rank ends.
   *
   * @return a test a size
   */
  @TestFactory
  default Stream<DynamicTest> required_c102_splitEndsInTime() {
    return withoutLast("split()", rank -> rank.group().split(0, 0).close());
  }

  private static Region tenBytes(RankBench rank) throws LoadException {
    return Region.of(rank.device().filled(10, 1));
  }

  private Stream<DynamicTest> withoutLast(String call, RankBench.Call body) {
    return RankBench.withShortTimeout(
        "C-102",
        this,
        (rank, rule) ->
            rank.lastStaysAway(rule, call, environment().patience(), () -> body.make(rank)));
  }

  /**
   * Rule C-108: a rank that left is lost to the others, at once or in time.
   *
   * @return a test a size
   */
  @TestFactory
  default Stream<DynamicTest> required_c108_rankThatLeftIsLost() {
    return onceTheLastLeft("barrier()", rank -> rank.group().barrier());
  }

  /**
   * Rule C-108: what a rank that left did not send is not received.
   *
   * @return a test a size
   */
  @TestFactory
  default Stream<DynamicTest> required_c108_receiveFromRankThatLeftFails() {
    return onceTheLastLeft(
        "receive() from it",
        rank -> rank.group().receive(tenBytes(rank), rank.size() - 1, rank.stream()));
  }

  /** All ranks but the last, which has left, make a call, which fails. */
  private Stream<DynamicTest> onceTheLastLeft(String what, ThrowingConsumer<RankBench> call) {
    return RankBench.withShortTimeout(
        "C-108",
        this,
        (rank, rule) -> {
          rank.group().allGather(new byte[0], environment().patience());
          if (!rank.isLast()) { // the last leaves at once, since its part is done
            rank.fails(
                rule,
                what + " after rank " + (rank.size() - 1) + " left",
                environment().patience(),
                () -> call.accept(rank));
          }
        });
  }

  /**
   * Rule C-109: after a failure a group refuses, and can be closed.
   *
   * @return a test a size
   */
  @TestFactory
  default Stream<DynamicTest> required_c109_failedGroupCanOnlyBeClosed() {
    return RankBench.withShortTimeout(
        "C-109",
        this,
        (rank, rule) -> {
          rank.lastStaysAway(rule, "barrier()", environment().patience(), rank.group()::barrier);
          if (!rank.isLast()) {
            rank.refusesAll(rule, "after a failure");
          }
          rule.ends(
              rank.group().timeout().plus(environment().patience()),
              "close() after a failure",
              () -> {
                rank.group().close();
                return true;
              });
        });
  }

  /**
   * Rule C-110: a closed group refuses, and closing it again does nothing.
   *
   * @return a test a size
   */
  @TestFactory
  default Stream<DynamicTest> required_c110_closedGroupRefuses() {
    return RankBench.forSizes(
        "C-110",
        this,
        2,
        (rank, rule) -> {
          rank.group().barrier();
          rank.group().close();
          rank.group().close();
          rank.refusesAll(rule, "after close()");
        });
  }

  /** Rule C-111: groups at the same time don't know each other. */
  @Test
  default void required_c111_groupsAreIndependent() {
    Crew crew = new Crew(environment().patience().multipliedBy(3));
    int size = sizes().stream().filter(n -> n <= 3).max(Integer::compare).orElse(1);
    for (int i = 0; i < 3; i++) {
      int unit = i + 1;
      crew.add(
          "group " + i,
          () ->
              RankBench.run(
                  "C-111",
                  this,
                  size,
                  (rank, rule) -> {
                    for (int root = 0; root < rank.size(); root++) {
                      Exchanges.broadcast(rank, rule, root, 10_000 * unit);
                      Exchanges.scatterUnequalParts(rank, rule, root);
                    }
                  }));
    }
    crew.await(new Rule("C-111"));
  }

  /**
   * Rule C-113: gathering with a timeout of its own waits that long, and not longer.
   *
   * @return a test a size
   */
  @TestFactory
  default Stream<DynamicTest> required_c113_allGatherHasItsOwnTimeout() {
    return RankBench.withShortTimeout(
        "C-113",
        this,
        (rank, rule) -> {
          Duration own = environment().patience().plus(rank.group().timeout());
          if (rank.isLast()) { // comes later than the group's own timeout allows
            LockSupport.parkNanos(rank.group().timeout().multipliedBy(2).toNanos());
          }
          rule.allows(
              "allGather() with a timeout of " + own,
              () -> rank.group().allGather(new byte[3], own));
          rank.lastStaysAway(
              rule,
              "allGather() with a short timeout",
              environment().patience(),
              () -> rank.group().allGather(new byte[3], environment().quiet()));
        });
  }

  /**
   * Rule C-114: ranks that call different things, or for different sizes or roots, end in time.
   *
   * @return a test a disagreement
   */
  @TestFactory
  default Stream<DynamicTest> optional_c114_disagreementIsAnError() {
    return Stream.of(Disagreement.values())
        .flatMap(kind -> RankBench.withShortTimeout("C-114", this, kind::tryOut));
  }

  /**
   * Rule C-115: groups that are closed leave nothing behind.
   *
   * @throws Exception if a group can't be made
   */
  @Test
  default void required_c115_leavesNothingBehind() throws Exception {
    LeakCheck.check(
        new Rule("C-115"), "groups", 5, environment().patience(), this::exchangeInGroup);
  }

  private void exchangeInGroup() throws Exception {
    RankBench.run(
        "C-115",
        this,
        sizes().getLast(),
        (rank, rule) -> {
          Exchanges.broadcast(rank, rule, 0, 100_000);
          try (Transport part = rank.group().split(rank.rank() % 2, 0)) {
            part.barrier();
          }
        });
  }

  /**
   * Rule C-117: a device that fails on one rank is an error there, and nobody hangs.
   *
   * @return a test a size
   */
  @TestFactory
  default Stream<DynamicTest> required_c117_failingDeviceHangsNobody() {
    return RankBench.withShortTimeout(
        "C-117",
        this,
        (rank, rule) -> {
          try (DeviceBuffer buffer = rank.device().filled(100_000, 1)) {
            rank.device().settle();
            if (rank.rank() == 0) {
              rank.context().failOperation(1);
            }
            rank.group().broadcast(Region.of(buffer), 0, rank.stream());
            rank.group().barrier();
          } catch (LoadException e) {
            // where it fails depends on who copies
          }
        });
  }
}
