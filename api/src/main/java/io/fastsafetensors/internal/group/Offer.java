// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.group;

import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.StreamMark;
import java.util.BitSet;
import java.util.List;

/** Memory of one rank from which others copy; who still has to is known under the hub's lock. */
final class Offer {
  private final List<Region> parts;
  private final StreamMark ready;
  private final BitSet waitedFor;
  private int copying;

  /**
   * Makes an offer.
   *
   * @param parts a part a rank, or one for all
   * @param ready after which the bytes are there
   * @param takers the ranks that copy
   */
  Offer(List<Region> parts, StreamMark ready, BitSet takers) {
    this.parts = List.copyOf(parts);
    this.ready = ready;
    this.waitedFor = takers;
  }

  Region part(int rank) {
    return parts.size() == 1 ? parts.getFirst() : parts.get(rank);
  }

  StreamMark ready() {
    return ready;
  }

  void begin() {
    copying++;
  }

  void end() {
    copying--;
  }

  boolean isBeingCopied() {
    return copying > 0;
  }

  void take(int rank) {
    waitedFor.clear(rank);
  }

  boolean isTaken() {
    return waitedFor.isEmpty();
  }

  /** Returns the first rank that has not copied yet. */
  int missing() {
    return waitedFor.nextSetBit(0);
  }
}
