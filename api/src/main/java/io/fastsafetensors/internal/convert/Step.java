// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.convert;

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
