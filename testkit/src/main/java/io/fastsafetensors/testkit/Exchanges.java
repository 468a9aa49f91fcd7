// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.Region;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Broadcasts, scatters, sends: each with the check of what every rank must have after it. */
final class Exchanges {
  /** Each time other bytes, so that those of an exchange before are not taken for right. */
  private static long seed(int root, int bytes) {
    return 1000L * root + bytes;
  }

  private Exchanges() {}

  /** Broadcasts; nobody waits for the device before, and only the check does after. */
  static void broadcast(RankBench rank, Rule rule, int root, int bytes) throws LoadException {
    byte[] wanted = DeviceBench.pattern(seed(root, bytes), bytes);
    try (GuardedRegion target = new GuardedRegion(rank, bytes)) {
      if (rank.rank() == root) {
        rank.stream().copyFromHost(rank.device().host(wanted), target.region());
      }
      rank.group().broadcast(target.region(), root, rank.stream());
      target.check(rule, wanted, "broadcast of " + bytes + " bytes from rank " + root);
    }
  }

  /** Broadcasts more bytes than an int counts; looks at both ends. */
  static void largeBroadcast(RankBench rank, Rule rule) throws LoadException {
    long bytes = (2L << 30) + 12_345;
    byte[] begin = DeviceBench.pattern(1, 1000);
    byte[] end = DeviceBench.pattern(2, 1000);
    try (DeviceBuffer buffer = rank.device().buffer(bytes)) {
      Region first = Region.of(buffer, 0, begin.length);
      Region last = Region.of(buffer, bytes - end.length, end.length);
      if (rank.rank() == 0) {
        rank.stream().copyFromHost(rank.device().host(begin), first);
        rank.stream().copyFromHost(rank.device().host(end), last);
      }
      rank.group().broadcast(Region.of(buffer), 0, rank.stream());
      DeviceBench.same(rule, begin, rank.device().read(first), "the begin of a large broadcast");
      DeviceBench.same(rule, end, rank.device().read(last), "the end of a large broadcast");
    }
  }

  /**
   * Gathers messages, of each rank one that is longer by a unit; what is done to arrays shows
   * nowhere else.
   */
  static void allGather(RankBench rank, Rule rule, int least, int unit) throws LoadException {
    byte[] mine = message(rank.rank(), least, unit);
    List<byte[]> all = rank.group().allGather(mine);
    Arrays.fill(mine, (byte) 0);
    rank.group().barrier();
    rule.same(rank.size(), all.size(), "the number of messages");
    for (int i = 0; i < all.size(); i++) {
      String what = "rank " + i + "'s message on rank " + rank.rank();
      DeviceBench.same(rule, message(i, least, unit), all.get(i), what);
      Arrays.fill(all.get(i), (byte) 1);
    }
  }

  private static byte[] message(int rank, int least, int unit) {
    return DeviceBench.pattern(1000L * least + rank, least + (long) unit * rank);
  }

  /** Scatters adjacent parts of different sizes, some of them empty. */
  static void scatterUnequalParts(RankBench rank, Rule rule, int root) throws LoadException {
    List<Integer> begins = new ArrayList<>(List.of(0));
    for (int i = 0; i < rank.size(); i++) {
      begins.add(begins.getLast() + (i % 3 == 1 ? 0 : 1000 * i + 7));
    }
    byte[] all = DeviceBench.pattern(seed(root, rank.size()), begins.getLast());
    int begin = begins.get(rank.rank());
    int bytes = begins.get(rank.rank() + 1) - begin;
    byte[] wanted = Arrays.copyOfRange(all, begin, begin + bytes);
    try (DeviceBuffer source = rank.device().filled(all)) {
      List<Region> parts = new ArrayList<>();
      for (int i = 0; i < rank.size(); i++) {
        parts.add(Region.of(source, begins.get(i), begins.get(i + 1) - begins.get(i)));
      }
      scatter(rank, rule, root, parts, wanted);
    }
  }

  /** Scatters a matrix of bytes by columns: rows at a distance; the last ranks may get nothing. */
  static void scatterColumns(RankBench rank, Rule rule, int root, int columns, int rows)
      throws LoadException {
    byte[] all = DeviceBench.pattern(seed(root, columns), (long) rows * columns);
    int width = Math.ceilDiv(columns, rank.size());
    try (DeviceBuffer source = rank.device().filled(all)) {
      List<Region> parts = new ArrayList<>();
      for (int i = 0; i < rank.size(); i++) {
        int first = Math.min(columns, i * width);
        int count = Math.min(columns, first + width) - first;
        parts.add(new Region(source, first, rows, count, columns));
      }
      Region mine = parts.get(rank.rank());
      byte[] wanted = new byte[Math.toIntExact(mine.bytes())];
      for (int i = 0; i < wanted.length; i++) {
        int row = i / (int) mine.rowBytes();
        int column = i % (int) mine.rowBytes();
        wanted[i] = all[(int) mine.offset() + row * columns + column];
      }
      scatter(rank, rule, root, parts, wanted);
    }
  }

  private static void scatter(
      RankBench rank, Rule rule, int root, List<Region> parts, byte[] wanted) throws LoadException {
    try (GuardedRegion target = new GuardedRegion(rank, wanted.length)) {
      List<Region> given = rank.rank() == root ? parts : List.of();
      rank.group().scatter(given, target.region(), root, rank.stream());
      target.check(rule, wanted, "a part of " + wanted.length + " bytes from rank " + root);
      rank.device().settle(); // after this mark the parts are free again
    }
  }

  /** Sends from one rank to another; the others do nothing. */
  static void send(RankBench rank, Rule rule, int from, int to, int bytes) throws LoadException {
    byte[] wanted = DeviceBench.pattern(seed(from, to + bytes), bytes);
    if (from == to) {
      return;
    }
    if (rank.rank() == from) {
      try (DeviceBuffer source = rank.device().filled(wanted)) {
        rank.group().send(Region.of(source), to, rank.stream());
        rank.device().settle(); // after this mark the memory is free again
      }
    } else if (rank.rank() == to) {
      try (GuardedRegion target = new GuardedRegion(rank, bytes)) {
        rank.group().receive(target.region(), from, rank.stream());
        target.check(rule, wanted, bytes + " bytes from rank " + from);
      }
    }
  }
}
