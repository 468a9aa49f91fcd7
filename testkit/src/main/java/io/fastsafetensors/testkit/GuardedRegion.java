// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.Region;
import java.util.Arrays;

/** A region inside a buffer of other known bytes, so that what is written around it shows. */
final class GuardedRegion implements AutoCloseable {
  private static final int MARGIN = 5;
  private static final int SEED = 99;

  private final RankBench rank;
  private final int bytes;
  private final DeviceBuffer buffer;

  GuardedRegion(RankBench rank, int bytes) throws LoadException {
    this.rank = rank;
    this.bytes = bytes;
    this.buffer = rank.device().filled(bytes + 2L * MARGIN, SEED);
  }

  Region region() {
    return Region.of(buffer, MARGIN, bytes);
  }

  /** Fails unless the region has these bytes, and its surroundings are as before. */
  void check(Rule rule, byte[] wanted, String what) throws LoadException {
    check(rule, wanted, rank.device().read(Region.of(buffer)), what);
  }

  /** Fails unless the surroundings of the region are as before, whatever is in it. */
  void checkAround(Rule rule, String what) throws LoadException {
    byte[] found = rank.device().read(Region.of(buffer));
    check(rule, Arrays.copyOfRange(found, MARGIN, MARGIN + bytes), found, what);
  }

  private void check(Rule rule, byte[] wanted, byte[] found, String what) {
    byte[] all = DeviceBench.pattern(SEED, buffer.size());
    System.arraycopy(wanted, 0, all, MARGIN, bytes);
    DeviceBench.same(
        rule,
        all,
        found,
        "%s, on rank %s of %s, with %s bytes around,"
            .formatted(what, rank.rank(), rank.size(), MARGIN));
  }

  @Override
  public void close() {
    buffer.close();
  }
}
