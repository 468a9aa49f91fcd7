// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.group;

import io.fastsafetensors.internal.group.Failure;
import java.net.InetAddress;
import java.util.List;

/** What rank 0 and another rank send to each other. Ranks are those of the whole group. */
sealed interface Frame {
  /**
   * A heartbeat.
   *
   * @param waitsFor the rank that the sender waits for, or {@link GroupState#NOBODY}
   */
  record Heartbeat(int waitsFor) implements Frame {}

  /**
   * All ranks are here.
   *
   * @param address where rank 0's machine is reached from others
   */
  record Started(InetAddress address) implements Frame {}

  /**
   * A rank's message in an exchange.
   *
   * @param exchange which exchange
   * @param operation what the rank is doing; the same on all ranks, or they can't go on
   * @param members the ranks that take part, in the order of their group
   * @param timeoutNanos how long to wait for the others
   * @param message the message
   */
  @SuppressWarnings("ArrayRecordComponent") // Passed on, never compared.
  record Contribution(
      ExchangeId exchange,
      String operation,
      List<Integer> members,
      long timeoutNanos,
      byte[] message)
      implements Frame {}

  /**
   * Everyone's messages in an exchange.
   *
   * @param exchange which exchange
   * @param messages in the order of the members
   */
  record Gathered(ExchangeId exchange, List<byte[]> messages) implements Frame {}

  /**
   * The sender has waited long enough for another rank.
   *
   * @param lateness who, and what it did not do
   */
  record Late(Failure lateness) implements Frame {}

  /**
   * The group can't go on.
   *
   * @param failure why
   */
  record Failed(Failure failure) implements Frame {}

  /** The sender sends nothing more. */
  record Leaving() implements Frame {}

  /**
   * One exchange of one group, the same on all its ranks.
   *
   * @param group the group's name: the splits that it came from
   * @param number which of the group's exchanges, from 0
   */
  record ExchangeId(String group, long number) {}
}
