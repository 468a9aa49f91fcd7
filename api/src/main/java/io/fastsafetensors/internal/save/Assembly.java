// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.save;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongFunction;

/**
 * Puts the bytes of a file together to what can be written past the page cache: whole pages. Runs
 * of bytes may end anywhere; the pages at their ends are kept until all their bytes have come. A
 * page that others write to as well goes through the page cache, which all of them share, as its
 * bytes come. Thread-safe.
 */
final class Assembly {
  private final OutputFile file;
  private final long page;
  private final long size;
  private final OwnBytes own;
  private final LongFunction<MemorySegment> allocator;
  private final Map<Long, Partial> partials = new HashMap<>();

  /** Writes bytes, now or later. */
  interface Writing {
    /**
     * Takes bytes.
     *
     * @param done is called when they are written
     */
    void write(OutputFile file, long position, MemorySegment bytes, Runnable done)
        throws IOException;
  }

  /** A page some of whose bytes are there. */
  private static final class Partial {
    final MemorySegment bytes;
    long missing;

    Partial(MemorySegment bytes) {
      this.bytes = bytes;
      this.missing = bytes.byteSize();
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
    putPart(position, bytes.asSlice(0, from - position), writing);
    putPart(to, bytes.asSlice(to - position), writing);
    if (from < to) {
      writing.write(file, from, bytes.asSlice(from - position, to - from), done);
    } else {
      done.run();
    }
  }

  private void putPart(long position, MemorySegment bytes, Writing writing) throws IOException {
    if (bytes.byteSize() == 0) {
      return;
    }
    long start = Math.floorDiv(position, page) * page;
    long pageBytes = Math.min(page, size - start);
    if (!own.haveAll(start, start + pageBytes)) {
      MemorySegment copy = MemorySegment.ofArray(bytes.toArray(ValueLayout.JAVA_BYTE));
      writing.write(file, position, copy, () -> {});
      return;
    }
    Partial whole = null;
    synchronized (this) {
      Partial partial =
          partials.computeIfAbsent(start, _ -> new Partial(allocator.apply(pageBytes)));
      MemorySegment.copy(bytes, 0, partial.bytes, position - start, bytes.byteSize());
      partial.missing -= bytes.byteSize();
      if (partial.missing == 0) {
        partials.remove(start);
        whole = partial;
      }
    }
    if (whole != null) {
      writing.write(file, start, whole.bytes, () -> {});
    }
  }
}
