// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.group;

import java.nio.ByteBuffer;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What a rank says when its group splits.
 *
 * @param color ranks of equal color form a group
 * @param key the order of the ranks in it
 */
public record Split(int color, int key) {
  /** Returns the ranks of a color in their new order. */
  public static List<Integer> members(List<Split> said, int color) {
    return IntStream.range(0, said.size())
        .boxed()
        .filter(rank -> said.get(rank).color() == color)
        .sorted(Comparator.comparingInt(rank -> said.get(rank).key()))
        .toList();
  }

  /** Returns this as a message. */
  public byte[] toBytes() {
    return ByteBuffer.allocate(2 * Integer.BYTES).putInt(color).putInt(key).array();
  }

  /** Reads a message. */
  public static Split of(byte[] message) {
    ByteBuffer buffer = ByteBuffer.wrap(message);
    return new Split(buffer.getInt(), buffer.getInt());
  }
}
