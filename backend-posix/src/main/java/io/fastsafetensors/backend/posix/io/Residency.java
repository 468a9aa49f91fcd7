// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.TransferPath;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.toolkit.io.FileRead;
import io.fastsafetensors.toolkit.io.ParallelWork;
import io.fastsafetensors.toolkit.io.RangeLayout;
import io.fastsafetensors.toolkit.io.RangeLayout.Rules;
import io.fastsafetensors.toolkit.io.RangeLayout.Span;
import io.fastsafetensors.toolkit.io.ReadTarget.Brought;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which blocks of what a plan wants are in the page cache.
 *
 * @param resident those of which no page is missing, and what was done with them
 * @param missing the others
 * @param isCached whether all but a few pages are there
 */
record Residency(List<Brought> resident, List<Span> missing, boolean isCached) {
  /** How large a block is: what one thread maps in one go, while others can't start threads. */
  private static final long BLOCK = 16L << 20;

  /** Two huge pages, which the kernel reads at a time. */
  private static final long LONG_RUN = 4L << 20;

  /** Below 1/4 of the blocks, memory that is kept from load to load is worth more. */
  private static final int LEAST_SHARE = 4;

  /** What is done with a block that is in the page cache; by many threads. */
  @FunctionalInterface
  interface Use {
    /** Returns how long it took, in nanoseconds. */
    long use(FileRead block) throws LoadException;
  }

  /** A block, how many of its pages are missing, and how its use went. */
  private record Block(FileRead read, long missing, long nanos, @Nullable LoadException failure) {}

  /** Asks the kernel, on all processors: that takes as long as to map what is there. */
  static Residency of(PageCache cache, RangePlan plan) throws LoadException {
    return of(cache, plan, _ -> 0);
  }

  /**
   * Asks the kernel, and uses what is there at once: what the kernel has looked up for the answer
   * is still in the processor's caches. That waits for no storage, and to start threads takes
   * longer than to map gigabytes: it is done by the processors that the JVM's common pool has.
   *
   * @throws LoadException if a use fails; none is under way any more
   */
  static Residency of(PageCache cache, RangePlan plan, Use use) throws LoadException {
    List<Span> spans = blocks(cache, plan);
    Block[] blocks = new Block[spans.size()];
    ParallelWork.run(
        blocks.length,
        1,
        (from, to) -> {
          for (int i = (int) from; i < to; i++) {
            blocks[i] = ask(cache, spans.get(i), use);
          }
        });
    List<Brought> resident = new ArrayList<>();
    List<Span> missing = new ArrayList<>();
    long wanted = 0;
    long absent = 0;
    for (Block block : blocks) {
      if (block.failure != null) {
        throw block.failure;
      }
      if (block.missing == 0) {
        resident.add(Brought.of(block.read, TransferPath.MAPPED, block.nanos));
      } else {
        missing.addAll(block.read.parts());
      }
      wanted += cache.pages(block.read.offset(), block.read.bytes());
      absent += block.missing;
    }
    return new Residency(resident, missing, PageCache.areFew(absent, wanted));
  }

  private static Block ask(PageCache cache, Span span, Use use) {
    FileRead read = FileRead.of(span);
    long missing = cache.missingPages(span.fileOffset(), span.bytes());
    try {
      return new Block(read, missing, missing == 0 ? use.use(read) : 0, null);
    } catch (LoadException e) {
      return new Block(read, missing, 0, e);
    }
  }

  /** Tells whether so much is there that to map it saves more than it costs. */
  boolean isWorthMapping() {
    return LEAST_SHARE * resident.size() >= resident.size() + missing.size();
  }

  /** Tells whether reads in huge pages, with the page after, would hardly read what is unwanted. */
  boolean isMissingLongRuns() {
    return !missing.isEmpty() && missingRuns().stream().allMatch(run -> run.bytes() >= LONG_RUN);
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

  private static List<Span> blocks(PageCache cache, RangePlan plan) {
    Rules pages = Rules.builder().maxGap(FileRead.MAX_GAP).grain(cache.pageSize()).build();
    return RangeLayout.of(plan, pages).blocks(BLOCK);
  }
}
