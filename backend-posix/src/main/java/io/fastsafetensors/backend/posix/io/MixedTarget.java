// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.backend.posix.libc.NativeMemory;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceContext.LateMemory;
import io.fastsafetensors.spi.DeviceContext.LatePages;
import io.fastsafetensors.spi.LoadMemory;
import io.fastsafetensors.toolkit.io.MemoryBudget;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * The page cache where it has the file, and private memory where it doesn't, side by side as in the
 * file: no byte is copied, and none is in memory twice.
 */
final class MixedTarget extends MappingTarget {
  private final LatePages pages;

  private MixedTarget(FileMapping mapping, LatePages pages, Residency residency, long blockBytes) {
    super(mapping, residency, blockBytes);
    this.pages = pages;
  }

  /**
   * Puts private memory into a mapping wherever the page cache lacks pages.
   *
   * @throws DeviceMemoryException if there is not enough memory, or the budget has no more
   */
  static MixedTarget over(
      FileMapping mapping,
      LateMemory late,
      MemoryBudget budget,
      Residency residency,
      long blockBytes,
      LoadMemory memory)
      throws DeviceMemoryException {
    long bytes = residency.missingBytes();
    budget.take(bytes);
    List<MemorySegment> parts =
        residency.missingRuns().stream()
            .map(run -> NativeMemory.writable(mapping.address(run.fileOffset()), run.bytes()))
            .toList();
    LatePages pages = late.cover(parts, memory);
    return new MixedTarget(mapping, pages, residency, blockBytes);
  }

  @Override
  public void prepare(FileRead read) throws LoadException {
    pages.touch(place(read));
  }

  @Override
  public Brought bring(FileRead read, TransferPath path, FileReader reader, Scratch scratch)
      throws LoadException {
    long start = System.nanoTime();
    MemorySegment place = place(read);
    TransferPath taken = reader.fill(path, place, read.offset());
    return new Brought(taken, System.nanoTime() - start, 0);
  }

  /** Returns the memory of a read: whole pages, though the file may end within the last. */
  private MemorySegment place(FileRead read) {
    return NativeMemory.writable(mapping.address(read.offset()), read.bytes());
  }

  @Override
  public void end(boolean complete) {
    pages.end(complete);
  }

  @Override
  public Placement way() {
    return Placement.MIXED;
  }
}
