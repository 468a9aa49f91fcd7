// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.group;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.group.Ranks.Outcome;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.Transport;
import io.fastsafetensors.toolkit.group.Transports;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** What ranks that are threads learn of each other's trouble. */
class LocalGroupFailureTests {
  private static final Duration SHORT = Duration.ofMillis(300);
  private static final Duration LONG = Duration.ofSeconds(50);

  @Test
  void anAbsentRankIsNamedByAllOthers() throws Exception {
    CountDownLatch over = new CountDownLatch(2);
    List<Outcome<Boolean>> outcomes =
        Ranks.run(
            Transports.local(3, SHORT),
            rank -> {
              if (rank.number() == 1) {
                return over.await(30, TimeUnit.SECONDS);
              }
              try {
                rank.group().broadcast(rank.zeros(10), 0, rank.stream());
                return true;
              } finally {
                over.countDown();
              }
            });
    // Rank 2 has its bytes: rank 0 alone waits for rank 1.
    assertThat(outcomes.get(2).failure()).isNull();
    CollectiveException e = outcomes.get(0).collectiveFailure();
    assertThat(e.peer()).isEqualTo(1);
    assertThat(e)
        .hasMessageContaining("broadcast on rank 0, peer rank 1")
        .hasMessageContaining("300 ms");
  }

  @Test
  void aRankThatLeavesEndsTheCallsOfTheOthersAtOnce() throws Exception {
    List<Outcome<Boolean>> outcomes =
        Ranks.run(
            Transports.local(3, LONG),
            rank -> {
              if (rank.number() != 2) {
                rank.group().barrier();
              }
              return true;
            });
    for (int rank = 0; rank < 2; rank++) {
      CollectiveException e = outcomes.get(rank).collectiveFailure();
      assertThat(e.rank()).isEqualTo(rank);
      assertThat(e.peer()).isEqualTo(2);
      assertThat(e).hasMessageContaining("left the group");
    }
  }

  @Test
  void aRankWhoseDeviceFailsEndsTheCallsOfTheOthers() throws Exception {
    List<Outcome<Boolean>> outcomes =
        Ranks.run(
            Transports.local(3, LONG),
            rank -> {
              Region data = rank.zeros(10);
              LoadException broken = new LoadException("the device broke");
              rank.group()
                  .broadcast(
                      data,
                      0,
                      rank.number() == 1
                          ? HookedStream.before(
                              rank.stream(),
                              copy -> {
                                throw broken;
                              })
                          : rank.stream());
              rank.group().barrier();
              return true;
            });
    assertThat(outcomes.get(1).failure()).hasMessage("the device broke");
    for (int rank : List.of(0, 2)) {
      CollectiveException e = outcomes.get(rank).collectiveFailure();
      assertThat(e.peer()).isEqualTo(1);
      assertThat(e).hasMessageContaining("the device broke");
    }
  }

  @Test
  void afterAFailureEveryCallButCloseFails() throws Exception {
    Transport group = Transports.local(2, SHORT).getFirst();
    CollectiveException first = thrownBy(group);
    CollectiveException again = thrownBy(group);
    assertThat(again.peer()).isEqualTo(1);
    assertThat(again)
        .hasMessageContaining("failed before")
        .hasMessageContaining(first.getMessage());
    group.close();
    group.close();
    assertThatThrownBy(group::barrier)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }

  private static CollectiveException thrownBy(Transport group) {
    try {
      group.barrier();
      throw new AssertionError("nothing thrown");
    } catch (CollectiveException e) {
      return e;
    }
  }

  @Test
  void ranksThatCallDifferentMethodsAreTold() throws Exception {
    List<Outcome<Boolean>> outcomes =
        Ranks.run(
            Transports.local(2, LONG),
            rank -> {
              if (rank.number() == 0) {
                rank.group().barrier();
              } else {
                rank.group().broadcast(rank.zeros(1), 0, rank.stream());
              }
              return true;
            });
    for (Outcome<Boolean> outcome : outcomes) {
      assertThat(outcome.collectiveFailure())
          .hasMessageContaining("barrier")
          .hasMessageContaining("broadcast");
    }
  }

  @Test
  void ranksThatDisagreeAboutTheSizeAreTold() throws Exception {
    List<Outcome<Boolean>> outcomes =
        Ranks.run(
            Transports.local(2, LONG),
            rank -> {
              rank.group().broadcast(rank.zeros(10 + rank.number()), 0, rank.stream());
              return true;
            });
    for (Outcome<Boolean> outcome : outcomes) {
      assertThat(outcome.collectiveFailure())
          .hasMessageContaining("10 bytes of rank 0 for 11 here");
    }
  }

  @Test
  void ranksThatDisagreeAboutTheRootAreTold() throws Exception {
    List<Outcome<Boolean>> outcomes =
        Ranks.run(
            Transports.local(3, LONG),
            rank -> {
              rank.group().broadcast(rank.zeros(10), rank.number() == 0 ? 1 : 2, rank.stream());
              return true;
            });
    assertThat(outcomes.get(0).collectiveFailure()).hasMessageContaining("disagree about the root");
  }

  @Test
  void aLongCopyIsNotLateness() throws Exception {
    List<Outcome<Boolean>> outcomes =
        Ranks.run(
            Transports.local(3, SHORT),
            rank -> {
              Region data = rank.zeros(10);
              rank.group()
                  .broadcast(
                      data,
                      0,
                      rank.number() == 1
                          ? HookedStream.before(rank.stream(), copy -> pause(SHORT.multipliedBy(3)))
                          : rank.stream());
              rank.group().barrier();
              return true;
            });
    assertThat(outcomes).allSatisfy(outcome -> assertThat(outcome.failure()).isNull());
  }

  @Test
  void theRootLeavesItsMemoryToThoseWhoCopyEvenWhenItFails() throws Exception {
    AtomicBoolean copying = new AtomicBoolean();
    List<Outcome<Boolean>> outcomes =
        Ranks.run(
            Transports.local(3, LONG),
            rank -> {
              if (rank.number() == 2) {
                while (!copying.get()) {
                  Thread.onSpinWait();
                }
                return true; // Leaves while rank 1 copies.
              }
              try {
                rank.group()
                    .broadcast(
                        rank.zeros(10),
                        0,
                        HookedStream.before(
                            rank.stream(),
                            copy -> {
                              copying.set(true);
                              pause(SHORT);
                              copying.set(false);
                            }));
              } finally {
                assertThat(copying).isFalse();
              }
              return true;
            });
    assertThat(outcomes.get(0).collectiveFailure().peer()).isEqualTo(2);
  }

  @Test
  void anInterruptedRankIsNamed() throws Exception {
    CountDownLatch interrupted = new CountDownLatch(1);
    List<Outcome<Boolean>> outcomes =
        Ranks.run(
            Transports.local(2, LONG),
            rank -> {
              if (rank.number() == 0) {
                Thread.currentThread().interrupt();
                try {
                  rank.group().barrier();
                } finally {
                  assertThat(Thread.interrupted()).isTrue();
                  interrupted.countDown();
                }
              }
              interrupted.await();
              rank.group().barrier(); // Rank 0 came to this one.
              rank.group().barrier();
              return true;
            });
    assertThat(outcomes.get(0).collectiveFailure()).hasMessageContaining("interrupted");
    assertThat(outcomes.get(1).collectiveFailure().peer()).isEqualTo(0);
  }

  private static void pause(Duration time) {
    try {
      Thread.sleep(time);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
