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
final class ConversionBlock {
  /**
   * The most elements at a time: few enough for the processor to store one block while it loads the
   * next, so many that the steps' calls don't count.
   */
  static final int CAPACITY = 2048;

  final MemorySegment source;
  final MemorySegment target;
  final byte[] bytes;
  final short[] shorts;
  final int[] ints;
  final long[] longs;
  final float[] floats;
  final double[] doubles;

  /** The index of the first element in the source and in the target. */
  long start;

  /** How many elements. */
  int size;

  /** Makes room for blocks of a job; a job of few elements, as of one, takes little. */
  ConversionBlock(MemorySegment source, MemorySegment target, long elements) {
    int capacity = (int) Math.min(elements, CAPACITY);
    this.source = source;
    this.target = target;
    this.bytes = new byte[capacity];
    this.shorts = new short[capacity];
    this.ints = new int[capacity];
    this.longs = new long[capacity];
    this.floats = new float[capacity];
    this.doubles = new double[capacity];
  }
}
