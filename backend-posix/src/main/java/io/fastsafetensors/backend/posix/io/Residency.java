// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.spi.RangeLayout;
import io.fastsafetensors.spi.RangeLayout.Rules;
import io.fastsafetensors.spi.RangeLayout.Span;
import io.fastsafetensors.spi.RangePlan;
import java.util.ArrayList;
import java.util.List;

/**
 * Which blocks of what a plan wants are in the page cache.
 *
 * @param resident those of which no page is missing
 * @param missing the others
 * @param isCached whether all but a few pages are there
 */
record Residency(List<Span> resident, List<Span> missing, boolean isCached) {
  /** How large a block is: what one thread maps in one go, while others can't start threads. */
  private static final long BLOCK = 16L << 20;

  /** Two huge pages, which the kernel reads at a time. */
  private static final long LONG_RUN = 4L << 20;

  /** Below one block in so many, memory that is kept from load to load is worth more. */
  private static final int LEAST_SHARE = 4;

  /** Asks the kernel, on all processors: that takes as long as to map what is there. */
  static Residency of(PageCache cache, RangePlan plan) {
    List<Span> blocks = blocks(cache, plan);
    long[] lacking =
        blocks.parallelStream()
            .mapToLong(block -> cache.missingPages(block.fileOffset(), block.bytes()))
            .toArray();
    List<Span> resident = new ArrayList<>();
    List<Span> missing = new ArrayList<>();
    long wanted = 0;
    long absent = 0;
    for (int i = 0; i < lacking.length; i++) {
      (lacking[i] == 0 ? resident : missing).add(blocks.get(i));
      wanted += cache.pages(blocks.get(i).fileOffset(), blocks.get(i).bytes());
      absent += lacking[i];
    }
    return new Residency(resident, missing, PageCache.areFew(absent, wanted));
  }

  /** Tells whether so much is there that to map it saves more than it costs. */
  boolean isWorthMapping() {
    return isCached || LEAST_SHARE * resident.size() >= resident.size() + missing.size();
  }

  /** Tells whether reads in huge pages, with the page after, would hardly read what is unwanted. */
  boolean isMissingLongRuns() {
    return missingRuns().stream().allMatch(run -> run.bytes() >= LONG_RUN);
  }

  /** Returns how many bytes the missing blocks have. */
  long missingBytes() {
    return missing.stream().mapToLong(Span::bytes).sum();
  }

  /** Returns the missing blocks, neighbours joined. */
  List<Span> missingRuns() {
    List<Span> runs = new ArrayList<>();
    for (Span block : missing) {
      Span last = runs.isEmpty() ? null : runs.getLast();
      if (last != null && last.fileEnd() == block.fileOffset()) {
        runs.removeLast();
        runs.add(new Span(last.fileOffset(), last.bufferOffset(), last.bytes() + block.bytes()));
      } else {
        runs.add(block);
      }
    }
    return runs;
  }

  /** Takes nothing to be there. */
  static Residency none(PageCache cache, RangePlan plan) {
    return new Residency(List.of(), blocks(cache, plan), false);
  }

  private static List<Span> blocks(PageCache cache, RangePlan plan) {
    Rules pages = new Rules(1, 0, Tuning.MAX_GAP, cache.libc().pageSize());
    return RangeLayout.of(plan, pages).blocks(BLOCK);
  }
}
