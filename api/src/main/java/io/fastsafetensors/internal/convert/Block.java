// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.convert;

import java.lang.foreign.MemorySegment;

/**
 * The elements being converted, in heap arrays.
 *
 * <p>The compiler vectorises loops from array to array. It can't for loops from segment to segment,
 * whose memory may overlap for all it knows, and these become twenty times slower once the process
 * uses segments of several kinds. Bulk copies from segment to array and back have neither trouble.
 * Where a loop writes to a segment all the same, it does so to native memory only.
 */
final class Block {
  /**
   * The most elements at a time: few enough for the processor to store one block while it loads the
   * next, so many that the steps' calls don't count.
   */
  static final int CAPACITY = 2048;

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
