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

  /** What a type's elements are while they are between the source and the target; each is exact. */
  enum Form {
    /** In {@link ConversionBlock#floats}: floating-point types up to 32 bits. */
    FLOATS,
    /** In {@link ConversionBlock#doubles}: 64-bit floating point. */
    DOUBLES,
    /** In {@link ConversionBlock#longs}: integers. */
    LONGS,
    /** In {@link ConversionBlock#longs}, to be read as unsigned: 64-bit unsigned integers. */
    UNSIGNED
  }

  /** A loop over a block's elements: loads them, changes their form, or stores them. */
  @FunctionalInterface
  interface Step {
    /** Does all elements of a block. */
    void run(ConversionBlock block);

    /** Makes one step of several. */
    static Step sequence(Step... steps) {
      return block -> {
        for (Step step : steps) {
          step.run(block);
        }
      };
    }

    /** Does all elements from {@code start} to {@code end} of a block's source, block by block. */
    default void runAll(ConversionBlock block, long start, long end) {
      for (block.start = start; block.start < end; block.start += block.size) {
        block.size = (int) Math.min(end - block.start, ConversionBlock.CAPACITY);
        run(block);
      }
    }
  }
}
