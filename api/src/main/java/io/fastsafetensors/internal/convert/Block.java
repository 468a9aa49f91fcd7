// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.convert;

import java.lang.foreign.MemorySegment;

/**
 * The elements being converted, in heap arrays small enough for the first-level cache.
 *
 * <p>Loops from array to array are what the compiler turns into vector instructions; it can't for
 * loops from segment to segment, whose memory may overlap for all it knows.
 */
final class Block {
  /** The most elements at a time; even, as {@link Bf16Pairs} wants. */
  static final int CAPACITY = 1024;

  final MemorySegment source;
  final MemorySegment target;
  final byte[] bytes = new byte[CAPACITY];
  final short[] shorts = new short[CAPACITY];
  final int[] ints = new int[CAPACITY];
  final long[] longs = new long[CAPACITY];
  final float[] floats = new float[CAPACITY];
  final double[] doubles = new double[CAPACITY];

  /** The index of the first element in the source and in the target. */
  long start;

  /** How many elements. */
  int size;

  Block(MemorySegment source, MemorySegment target) {
    this.source = source;
    this.target = target;
  }
}
