// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.parallel.ParallelRanges;
import io.fastsafetensors.internal.parallel.ParallelRanges.Helpers;
import io.fastsafetensors.internal.parallel.RowCopies;
import io.fastsafetensors.internal.plan.Slice;
import io.fastsafetensors.internal.plan.Slice.Rows;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.toolkit.io.ScratchMemory;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A read of a part of a tensor from an open file. What the page cache has is given out or copied
 * from there; of the rest as much as {@link #BLOCK} is read at a time, by many threads if it is
 * more.
 *
 * @param file the file
 * @param begin where the tensor starts in it
 * @param slice the part
 * @param means how to read
 */
record PartRead(OpenedFile file, long begin, Slice slice, Means means) {
  /** How many bytes of a tensor one thread has at a time. */
  static final long BLOCK = 2 << 20;

  /** Less is copied sooner than it gets a mapping of its own, and loses it. */
  private static final long LEAST_MAPPED = 1 << 20;

  /** Gaps between rows up to this size are read along: a read of its own would cost more. */
  private static final long MOST_GAP = 16 << 10;

  /** Storage brings a page anyway. */
  private static final long LEAST_GAP = 4 << 10;

  /** How many reads wait for storage at a time besides the caller's. */
  private static final Helpers READERS = new Helpers(15, LoadThreads::tryStart);

  /**
   * What reads of a checkpoint have in common.
   *
   * @param path how host memory gets the bytes
   * @param direct whether reads bypass the page cache
   * @param writable whether tensors may be written
   * @param room where tensors get memory
   * @param scratch where rows are read to that are not side by side, {@link #BLOCK} at a time
   * @param counts counts the bytes
   */
  record Means(
      AccessPath path,
      DirectMode direct,
      boolean writable,
      TensorRoom room,
      ScratchMemory scratch,
      WayCounts counts) {}

  /** Does something with a range of the tensor's bytes. */
  @FunctionalInterface
  private interface Work {
    void on(long from, long end) throws LoadException;
  }

  /** Reads into memory of its own, or gives out the page cache; the caller closes the tensor. */
  Tensor tensor(TensorSpec spec) throws LoadException {
    @Nullable Memory mapped = slice.isContiguous() ? mappingToGiveOut() : null;
    if (mapped != null) {
      try {
        Region place = Region.of(mapped.buffer(), begin + slice.begin(), slice.bytes());
        file.checkUnchanged();
        means.counts.add(TransferPath.MAPPED, slice.bytes());
        return DefaultTensor.copy(new Piece(spec, mapped, place));
      } finally {
        mapped.release();
      }
    }
    Piece piece = means.room.take(spec, slice.bytes());
    try {
      Downloads.<LoadException>inUse(piece.region(), this::into);
      return DefaultTensor.copy(piece);
    } finally {
      piece.memory().release();
    }
  }

  /** Fills native memory of the part's size. */
  void into(MemorySegment target) throws LoadException {
    boolean isRun = slice.isContiguous();
    // Of a run that is large the kernel's copy is faster: it fills no page tables.
    @Nullable Memory mapped = isRun && slice.bytes() > BLOCK ? null : mapping();
    if (mapped != null) {
      copyMapped(mapped, target);
    } else if (isRun) {
      inBlocks(
          (from, end) -> read(target.asSlice(from - slice.begin(), end - from), from),
          READERS,
          target);
    } else {
      inBlocks((from, end) -> readRows(from, end, target), READERS, target);
    }
    file.checkUnchanged();
  }

  /**
   * Returns the mapping that the tensor becomes a part of; null if it is copied. The caller is a
   * holder. What may be written has a mapping of its own, so that no other read sees what was.
   */
  private @Nullable Memory mappingToGiveOut() {
    if (means.writable) {
      boolean serves = means.path == AccessPath.MAPPED || slice.bytes() >= LEAST_MAPPED;
      return serves && mapping() != null ? file.mapAlone() : null;
    }
    Memory shared = mapping();
    if (shared != null) {
      shared.retain();
    }
    return shared;
  }

  /** Returns the file's mapping, which nobody writes to, if it is to serve; null otherwise. */
  private @Nullable Memory mapping() {
    if (means.path == AccessPath.COPIED || means.direct == DirectMode.ON) {
      return null;
    }
    boolean serves =
        means.path == AccessPath.MAPPED
            || file.isCached(begin + slice.begin(), slice.end() - slice.begin());
    return serves ? file.mapping() : null;
  }

  private void copyMapped(Memory mapped, MemorySegment target) throws LoadException {
    try {
      LostPages.<Long, LoadException>named(List.of(mapped), () -> copyAll(mapped, target));
    } catch (LoadException e) {
      file.checkUnchanged(); // of pages that a cut took away that is what to say
      throw e;
    }
    means.counts.add(TransferPath.MAPPED, slice.bytes());
  }

  private long copyAll(Memory mapped, MemorySegment target) throws LoadException {
    MemorySegment bytes = mapped.buffer().host().orElseThrow();
    if (slice.isContiguous()) {
      MemorySegment.copy(bytes, begin + slice.begin(), target, 0, slice.bytes());
    } else {
      MemorySegment tensor = bytes.asSlice(begin, slice.end());
      inBlocks(
          (from, end) ->
              slice.within(from, end).forEach(partRows -> copy(tensor, 0, partRows, target)),
          ParallelRanges.PROCESSORS,
          target);
    }
    return slice.bytes();
  }

  /** Copies rows of memory that has the tensor's bytes from one on. */
  private static void copy(
      MemorySegment bytes, long from, Slice.PartRows partRows, MemorySegment target) {
    Rows rows = partRows.rows();
    MemorySegment source = bytes.asSlice(rows.offset() - from);
    MemorySegment place = target.asSlice(partRows.to(), rows.bytes());
    RowCopies.copyRows(source, rows.pitch(), place, rows.rowBytes(), rows.rows(), rows.rowBytes());
  }

  /** Works on all of the part, on several threads if it is large. */
  private void inBlocks(Work work, Helpers helpers, MemorySegment target) throws LoadException {
    long first = slice.begin();
    if (slice.end() - first <= BLOCK) {
      work.on(first, slice.end());
      return;
    }
    try {
      ParallelRanges.run(
          slice.end() - first,
          BLOCK,
          helpers,
          (from, end) -> {
            try {
              // Of memory that is confined to this thread, all comes at once.
              for (long at = from; at < end; at += BLOCK) {
                work.on(first + at, first + Math.min(end, at + BLOCK));
              }
            } catch (LoadException e) {
              throw new UncheckedIOException(e);
            }
          },
          target);
    } catch (UncheckedIOException e) {
      throw e.getCause() instanceof LoadException cause ? cause : new LoadException("read", e);
    }
  }

  /** Reads the rows of a range; those with small gaps between them go through scratch memory. */
  private void readRows(long from, long end, MemorySegment target) throws LoadException {
    List<Slice.PartRows> allRows = slice.within(from, end);
    for (int i = 0; i < allRows.size(); ) {
      int next = i + 1;
      while (next < allRows.size()
          && areNear(allRows.get(next - 1).rows(), allRows.get(next).rows())) {
        next++;
      }
      Rows rows = allRows.get(i).rows();
      if (next == i + 1 && (rows.rows() == 1 || isLoose(rows))) {
        readEach(allRows.get(i), target);
      } else {
        readTogether(allRows.subList(i, next), target);
      }
      i = next;
    }
  }

  private static boolean isLoose(Rows rows) {
    return rows.rows() > 1 && rows.pitch() - rows.rowBytes() > MOST_GAP;
  }

  private static boolean areNear(Rows one, Rows next) {
    long gap = next.offset() - (one.offset() + (one.rows() - 1) * one.pitch() + one.rowBytes());
    return gap <= Math.clamp(one.bytes(), LEAST_GAP, MOST_GAP) && !isLoose(one) && !isLoose(next);
  }

  private void readEach(Slice.PartRows partRows, MemorySegment target) throws LoadException {
    Rows rows = partRows.rows();
    for (long row = 0; row < rows.rows(); row++) {
      long to = partRows.to() + row * rows.rowBytes();
      read(target.asSlice(to, rows.rowBytes()), rows.offset() + row * rows.pitch());
    }
  }

  private void readTogether(List<Slice.PartRows> allRows, MemorySegment target)
      throws LoadException {
    long from = allRows.getFirst().rows().offset();
    Rows last = allRows.getLast().rows();
    long end = last.offset() + (last.rows() - 1) * last.pitch() + last.rowBytes();
    try (ScratchMemory.Lease lease = means.scratch.take()) {
      MemorySegment bytes = lease.bytes(end - from);
      read(bytes, from);
      allRows.forEach(partRows -> copy(bytes, from, partRows, target));
    }
  }

  private void read(MemorySegment target, long from) throws LoadException {
    TransferPath way = file.read(target, begin + from);
    means.counts.add(way, target.byteSize());
  }
}
