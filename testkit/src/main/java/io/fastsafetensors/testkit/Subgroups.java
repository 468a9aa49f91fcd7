// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Transport;

/** Splits of a group, each with exchanges in the parts. */
final class Subgroups {
  private Subgroups() {}

  /** Even and odd ranks apart, the last first. */
  static void backwards(RankBench rank, Rule rule) throws LoadException {
    int color = rank.rank() % 2;
    int size = (rank.size() - color + 1) / 2;
    try (Transport group = rank.group().split(color, -rank.rank())) {
      rule.same(size, group.size(), "the size of the group of colour " + color);
      rule.same(size - 1 - rank.rank() / 2, group.rank(), "the rank of old rank " + rank.rank());
      exchange(rank.in(group), rule, 10 + color);
    }
  }

  /** Ranks of equal key stay in order; a group of one is a group. */
  static void equalKeys(RankBench rank, Rule rule) throws LoadException {
    try (Transport same = rank.group().split(7, 0);
        Transport alone = same.split(rank.rank(), 0)) {
      rule.same(rank.size(), same.size(), "the size of a group of all");
      rule.same(rank.rank(), same.rank(), "the rank among equal keys");
      rule.same(1, alone.size(), "the size of a group of one");
      exchange(rank.in(alone), rule, 20);
      exchange(rank.in(same), rule, 30);
    }
  }

  private static void exchange(RankBench rank, Rule rule, int unit) throws LoadException {
    for (int root = 0; root < rank.size(); root++) {
      Exchanges.broadcast(rank, rule, root, 1000 * unit);
    }
    Exchanges.send(rank, rule, 0, rank.size() - 1, unit);
    rank.group().barrier();
  }
}
