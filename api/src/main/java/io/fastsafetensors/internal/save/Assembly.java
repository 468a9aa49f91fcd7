// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.save;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongFunction;

/**
 * Puts the bytes of a file together to what can be written past the page cache: whole pages. Runs
 * of bytes may end anywhere; the pages at their ends are kept until all their bytes have come. A
 * page that others write to as well goes through the page cache, which all of them share, as its
 * bytes come. Thread-safe.
 */
final class Assembly {
  /**
   * Less than this goes through the page cache in one write with the bytes beside it that have to:
   * the fewest bytes for which a direct write, which waits for the disk, pays.
   */
  private static final long LEAST_DIRECT = 64 << 10;

  /** How many pages are allocated at a time. */
  private static final long PAGES = 16;

  private final OutputFile file;
  private final long page;
  private final long size;
  private final OwnBytes own;
  private final LongFunction<MemorySegment> allocator;
  private final Map<Long, Partial> partials = new HashMap<>();

  /** Pages of memory that are free. */
  private final Deque<MemorySegment> spare = new ArrayDeque<>();

  /** Writes bytes, now or later. */
  interface Writing {
    /**
     * Takes bytes.
     *
     * @param done is called when they are written, until when they don't change
     */
    void write(OutputFile file, long position, MemorySegment bytes, Runnable done)
        throws IOException;
  }

  /** A page some of whose bytes are there. */
  private static final class Partial {
    final MemorySegment memory;
    final MemorySegment bytes;
    long missing;

    Partial(MemorySegment memory, long count) {
      this.memory = memory;
      this.bytes = memory.asSlice(0, count);
      this.missing = count;
    }
  }

  Assembly(OutputFile file, LongFunction<MemorySegment> allocator) {
    this.file = file;
    this.page = file.alignment();
    this.size = file.plan().bytes();
    this.own = new OwnBytes(file.plan());
    this.allocator = allocator;
  }

  OutputFile file() {
    return file;
  }

  /**
   * Takes neighbouring bytes.
   *
   * @param done is called when they are written, or copied
   */
  void put(long position, MemorySegment bytes, Writing writing, Runnable done) throws IOException {
    long end = position + bytes.byteSize();
    long from = Math.min(end, Math.ceilDiv(position, page) * page);
    long to = Math.max(from, Math.floorDiv(end, page) * page);
    long begin = isShared(position, from) ? position : from;
    long until = isShared(to, end) ? end : to;
    if (position < begin) {
      keep(position, bytes.asSlice(0, begin - position), writing);
    }
    if (until < end) {
      keep(until, bytes.asSlice(until - position), writing);
    }
    boolean areApart = to - from >= LEAST_DIRECT && until - begin > to - from;
    long[] ends = areApart ? new long[] {from, to, until} : new long[] {until};
    Runnable each = areApart ? last(ends.length, done) : done;
    for (long next : ends) {
      if (begin < next) {
        writing.write(file, begin, bytes.asSlice(begin - position, next - begin), each);
      } else {
        each.run();
      }
      begin = next;
    }
  }

  /** Returns whether others write to the page of some bytes as well; false if there are none. */
  private boolean isShared(long position, long end) {
    long start = Math.floorDiv(position, page) * page;
    return position < end && !own.haveAll(start, Math.min(size, start + page));
  }

  private static Runnable last(int calls, Runnable done) {
    AtomicInteger left = new AtomicInteger(calls);
    return () -> {
      if (left.decrementAndGet() == 0) {
        done.run();
      }
    };
  }

  /** Copies bytes of a page of our own, which is written once all of it is there. */
  private void keep(long position, MemorySegment bytes, Writing writing) throws IOException {
    long start = Math.floorDiv(position, page) * page;
    Partial partial;
    synchronized (this) {
      partial =
          partials.computeIfAbsent(start, _ -> new Partial(memory(), Math.min(page, size - start)));
      MemorySegment.copy(bytes, 0, partial.bytes, position - start, bytes.byteSize());
      partial.missing -= bytes.byteSize();
      if (partial.missing > 0) {
        return;
      }
      partials.remove(start);
    }
    writing.write(file, start, partial.bytes, () -> giveBack(partial.memory));
  }

  private MemorySegment memory() {
    if (spare.isEmpty()) {
      MemorySegment pages = allocator.apply(PAGES * page);
      for (int i = 0; i < PAGES; i++) {
        spare.push(pages.asSlice(i * page, page));
      }
    }
    return spare.pop();
  }

  private synchronized void giveBack(MemorySegment memory) {
    spare.push(memory);
  }
}
