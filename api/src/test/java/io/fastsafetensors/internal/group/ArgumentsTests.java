// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.group;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.toolkit.group.Transports;
import java.time.Duration;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Bad arguments are refused before anything is sent, and do the group no harm. */
class ArgumentsTests {
  private Rank rank;
  private Region data;
  private Region apart;

  @BeforeEach
  void makeGroupOfOne() throws LoadException {
    rank = new Rank(Transports.single());
    data = rank.zeros(12);
    apart = new Region(data.buffer(), 0, 3, 2, 4);
  }

  @AfterEach
  void close() throws LoadException {
    rank.group().broadcast(data, 0, rank.stream()); // It still works.
    rank.close();
  }

  @Test
  void ranksMustBeInTheGroup() {
    refused(() -> rank.group().broadcast(data, 1, rank.stream()), "no rank 1 in a group of 1");
    refused(() -> rank.group().broadcast(data, -1, rank.stream()), "no rank -1");
    refused(() -> rank.group().scatter(List.of(data), data, 1, rank.stream()), "no rank 1");
    refused(() -> rank.group().send(data, 1, rank.stream()), "no rank 1");
    refused(() -> rank.group().receive(data, 0, rank.stream()), "rank 0 is this rank");
  }

  @Test
  void dataMustBeContiguousWhereItIsOnePiece() {
    refused(() -> rank.group().broadcast(apart, 0, rank.stream()), "not contiguous");
    refused(() -> rank.group().scatter(List.of(data), apart, 0, rank.stream()), "not contiguous");
  }

  @Test
  void theRootMustHaveAPartARank() throws LoadException {
    Region target = rank.zeros(6);
    refused(() -> rank.group().scatter(List.of(), target, 0, rank.stream()), "0 parts");
    refused(
        () -> rank.group().scatter(List.of(data), target, 0, rank.stream()),
        "own part has 12 bytes, its target 6");
    rank.group().scatter(List.of(apart), target, 0, rank.stream());
    assertThat(rank.bytes(target)).containsOnly(0);
  }

  @Test
  void timesMustBePositive() {
    refused(() -> rank.group().allGather(new byte[0], Duration.ZERO), "timeout 0 s");
    refused(() -> Transports.local(2, Duration.ZERO), "timeout 0 s");
    refused(() -> Transports.local(0), "a group of 0 ranks");
  }

  private static void refused(ThrowingCallable call, String why) {
    assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessageContaining(why);
  }
}
