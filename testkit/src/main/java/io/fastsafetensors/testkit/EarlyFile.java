// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.spi.IoTicket.EarlyRanges;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.testkit.TestMonitor.Block;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/**
 * A file of many blocks, and ranges of it that are given out one by one.
 *
 * @param file the file
 * @param plan the ranges: of several blocks each, and none starts or ends where a block does
 */
record EarlyFile(SampleFile file, RangePlan plan) {
  static final int RANGES = 16;

  /** Of which each range has four. */
  static final int BLOCKS = 64;

  static final int BLOCK = 4096;
  private static final int BYTES = BLOCKS * BLOCK;

  static EarlyFile write(IoBench bench) throws IOException {
    SampleFile file = bench.folder.write(BYTES);
    List<ByteRange> ranges = new ArrayList<>();
    for (int i = 0; i < RANGES; i++) {
      long begin = (long) i * BYTES / RANGES;
      ranges.add(new ByteRange(begin + 100, begin + BYTES / RANGES - 100));
    }
    return new EarlyFile(file, file.plan(ranges.toArray(ByteRange[]::new)));
  }

  ByteRange range(int index) {
    return plan.ranges().get(index);
  }

  /** Returns the ranges' places in the plan, in an order that is nobody's. */
  List<Integer> shuffled() {
    List<Integer> all = new ArrayList<>(IntStream.range(0, RANGES).boxed().toList());
    Collections.shuffle(all, new Random(7));
    return all;
  }

  /** Waits for a range; fails unless it has its bytes. */
  Region check(IoBench bench, Rule rule, EarlyRanges early, int index) throws LoadException {
    Region region = bench.await(early, index);
    bench.check(rule, file, range(index), region);
    return region;
  }

  /** Returns the ranges of which every block was told, and another block of the file after it. */
  List<Integer> read(List<Block> blocks) {
    List<Block> sure = blocks.subList(0, Math.max(0, blocks.size() - 1));
    return all(range -> bytes(sure, range) == range.size());
  }

  /** Returns the ranges of which no block was told. */
  List<Integer> untouched(List<Block> blocks) {
    return all(range -> bytes(blocks, range) == 0);
  }

  /** Returns how many blocks had been told when all bytes of a range were. */
  int blocksUntil(int index, List<Block> blocks) {
    int count = 0;
    while (count < blocks.size()
        && bytes(blocks.subList(0, count), range(index)) < range(index).size()) {
      count++;
    }
    return count;
  }

  private List<Integer> all(Predicate<ByteRange> wanted) {
    return IntStream.range(0, RANGES).filter(i -> wanted.test(range(i))).boxed().toList();
  }

  private static long bytes(List<Block> blocks, ByteRange range) {
    return blocks.stream()
        .mapToLong(block ->
            Math.min(range.end(), block.offset() + block.bytes())
                - Math.max(range.begin(), block.offset()))
        .filter(bytes -> bytes > 0)
        .sum();
  }
}
