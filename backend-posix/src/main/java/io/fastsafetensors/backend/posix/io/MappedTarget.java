// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.LoadException;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.backend.posix.libc.Errno;
import io.fastsafetensors.backend.posix.libc.ErrnoException;
import io.fastsafetensors.backend.posix.libc.Libc;
import io.fastsafetensors.backend.posix.libc.MemoryAdvice;
import io.fastsafetensors.backend.posix.libc.NativeMemory;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.RangeLayout.Span;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.spi.Region;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** The page cache itself: nothing is copied, only page tables are filled. */
final class MappedTarget implements Target {
  /** What one thread has read, and maps, in one go. */
  private static final long BLOCK = 4L << 20;

  private final Libc libc;
  private final SourceFile file;
  private final RangePlan plan;
  private final long begin;
  private final long address;
  private final DeviceBuffer buffer;
  private final List<FileRead> reads;
  private final List<FileRead> resident;

  private MappedTarget(
      Libc libc,
      SourceFile file,
      RangePlan plan,
      Residency residency,
      long begin,
      long address,
      DeviceBuffer buffer) {
    this.libc = libc;
    this.file = file;
    this.plan = plan;
    this.begin = begin;
    this.address = address;
    this.buffer = buffer;
    this.reads =
        residency.missing().stream()
            .flatMap(block -> block.blocks(BLOCK).stream())
            .map(MappedTarget::read)
            .toList();
    this.resident = residency.resident().stream().map(MappedTarget::read).toList();
  }

  private static FileRead read(Span block) {
    return new FileRead(block.fileOffset(), block.bytes(), List.of(block));
  }

  /**
   * Maps the part of a file that a plan wants.
   *
   * @throws ErrnoException if the system refuses
   */
  static MappedTarget map(Libc libc, SourceFile file, RangePlan plan, Residency residency)
      throws ErrnoException {
    long first = plan.ranges().getFirst().begin();
    long begin = first & -libc.pageSize();
    long bytes = plan.ranges().getLast().end() - begin;
    long address = ErrnoException.check("mmap", libc.mmap(bytes, file.descriptor(), begin));
    DeviceBuffer buffer =
        NativeMemory.buffer(address, bytes, true, () -> libc.munmap(address, bytes));
    return new MappedTarget(libc, file, plan, residency, begin, address, buffer);
  }

  @Override
  public List<FileRead> reads() {
    return reads;
  }

  @Override
  public List<FileRead> resident() {
    return resident;
  }

  @Override
  public void prepare(FileRead read) {
    file.cache().prefetch(read.offset(), bytes(read));
  }

  private long bytes(FileRead read) {
    return Math.min(read.end(), file.size()) - read.offset();
  }

  @Override
  public Brought bring(FileRead read, TransferPath path, FileReader reader, Scratch scratch)
      throws LoadException {
    long start = System.nanoTime();
    long bytes = bytes(read);
    long from = address + read.offset() - begin;
    long answer;
    while ((answer = libc.madvise(from, bytes, MemoryAdvice.POPULATE_READ)) == -Errno.EINTR) {
      reader.monitor().checkpoint();
    }
    // Kernels before 5.14 don't know the advice; there pages come when they are first read.
    if (answer < 0 && answer != -Errno.EINVAL) {
      findUnreadable(read.offset(), bytes, reader, scratch);
      ErrnoException cause = ErrnoException.of("madvise", answer);
      throw SourceFile.failed(file.path(), read.offset(), bytes, cause);
    }
    return new Brought(TransferPath.MAPPED, System.nanoTime() - start, 0);
  }

  /** The kernel says only that memory can't be had; reads say which byte, and why. */
  private static void findUnreadable(long offset, long bytes, FileReader reader, Scratch scratch)
      throws LoadException {
    MemorySegment piece = scratch.take(Tuning.GRAIN);
    for (long at = 0; at < bytes; at += Tuning.GRAIN) {
      reader.fill(TransferPath.CACHED, piece, offset + at);
    }
  }

  @Override
  public DeviceBuffer buffer() {
    return buffer;
  }

  @Override
  public List<Region> regions() {
    return plan.ranges().stream()
        .map(range -> Region.of(buffer, range.begin() - begin, range.size()))
        .toList();
  }

  @Override
  public String kind() {
    return "mapped";
  }
}
