// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.TransferPath;
import io.fastsafetensors.backend.posix.libc.Errno;
import io.fastsafetensors.backend.posix.libc.ErrnoException;
import io.fastsafetensors.backend.posix.libc.Libc;
import io.fastsafetensors.backend.posix.libc.Libc.MemoryAdvice;
import io.fastsafetensors.backend.posix.libc.NativeMemory;
import io.fastsafetensors.backend.posix.memory.FilePages;
import io.fastsafetensors.backend.posix.memory.Unmapping;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.toolkit.io.FileRead;
import io.fastsafetensors.toolkit.io.ReadTuning;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * The part of a file that a plan wants, mapped.
 *
 * @param libc the system
 * @param file the file
 * @param plan what is wanted of it
 * @param begin where the mapping starts in the file, at a page
 * @param address where it starts in memory
 * @param buffer the mapping; whoever gets it closes it
 * @param filled how long threads took to fill page tables, in nanoseconds
 */
record FileMapping(
    Libc libc,
    PosixFile file,
    RangePlan plan,
    long begin,
    long address,
    DeviceBuffer buffer,
    LongAdder filled) {
  /** Less than that is not worth waking threads. */
  private static final long LONG_NANOS = TimeUnit.MILLISECONDS.toNanos(8);

  /**
   * Maps what a plan wants; no page table is filled yet.
   *
   * @param writable whether it may be written, which makes its pages private
   * @throws ErrnoException if the system refuses
   */
  static FileMapping map(Libc libc, PosixFile file, RangePlan plan, boolean writable)
      throws ErrnoException {
    long begin = plan.ranges().getFirst().begin() & -libc.pageSize();
    long bytes = plan.ranges().getLast().end() - begin;
    long address = FilePages.map(libc, bytes, file.descriptor(), begin, writable);
    LongAdder filled = new LongAdder();
    DeviceBuffer buffer =
        NativeMemory.buffer(address, bytes, !writable, () -> unmap(libc, address, bytes, filled));
    return new FileMapping(libc, file, plan, begin, address, buffer, filled);
  }

  /** Lets many threads unmap what took long to map; few large pages are unmapped at once. */
  private static void unmap(Libc libc, long address, long bytes, LongAdder filled) {
    if (filled.sum() > LONG_NANOS) {
      Unmapping.unmap(libc, address, bytes);
    } else {
      libc.munmap(address, bytes);
    }
  }

  /** Returns how many bytes of a read the file has: the last may pass its end. */
  long bytes(FileRead read) {
    return Math.min(read.end(), file.size()) - read.offset();
  }

  /** Returns where a place of the file is in memory. */
  long address(long fileOffset) {
    return address + fileOffset - begin;
  }

  /** Lets the kernel read the file into huge pages, where it can; tells whether it heard that. */
  boolean preferHugePages() {
    return libc.madvise(address, buffer.size(), MemoryAdvice.HUGE_PAGE) >= 0;
  }

  /**
   * Fills the page tables of a part of the mapping, from storage where the page cache has nothing.
   *
   * @return how long it took, in nanoseconds
   * @throws LoadException if a byte can't be read
   */
  long populate(FileRead read) throws LoadException {
    long start = System.nanoTime();
    long bytes = bytes(read);
    long answer;
    while ((answer = libc.madvise(address(read.offset()), bytes, MemoryAdvice.POPULATE_READ))
        == -Errno.EINTR) {
      file.checkpoint();
    }
    long nanos = System.nanoTime() - start;
    filled.add(nanos);
    // Kernels before 5.14 don't know the advice; there pages come when they are first read.
    if (answer < 0 && answer != -Errno.EINVAL) {
      findUnreadable(read.offset(), bytes);
      ErrnoException cause = ErrnoException.of("madvise", answer);
      throw file.refused(read.offset(), bytes, cause);
    }
    return nanos;
  }

  /** The kernel says only that memory can't be had; reads say which byte, and why. */
  private void findUnreadable(long offset, long bytes) throws LoadException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment piece = arena.allocate(ReadTuning.GRAIN);
      for (long at = 0; at < bytes; at += ReadTuning.GRAIN) {
        file.read(TransferPath.CACHED, piece, offset + at);
      }
    }
  }

  /** Returns where the ranges of the plan are. */
  List<Region> regions() {
    return plan.ranges().stream().map(this::region).toList();
  }

  /** Returns where a range of the plan is. */
  Region region(ByteRange range) {
    return Region.of(buffer, range.begin() - begin, range.size());
  }
}
