// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.LoadException;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.backend.posix.libc.NativeMemory;
import io.fastsafetensors.backend.posix.memory.LinuxContext;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.MemoryBudget;
import io.fastsafetensors.spi.RangeLayout.Span;
import io.fastsafetensors.spi.Region;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * The page cache where it has the file, and private memory where it doesn't, side by side as in the
 * file: no byte is copied, and none is in memory twice.
 */
final class MixedTarget implements Target {
  private final FileMapping mapping;
  private final LinuxContext context;
  private final List<FileRead> reads;
  private final List<Arrived> arrived;

  private MixedTarget(
      FileMapping mapping, LinuxContext context, Residency residency, long blockBytes) {
    this.mapping = mapping;
    this.context = context;
    this.reads =
        residency.missing().stream()
            .flatMap(block -> block.blocks(blockBytes).stream())
            .map(FileRead::of)
            .toList();
    this.arrived = residency.resident();
  }

  /**
   * Puts private memory into a mapping wherever the page cache lacks pages.
   *
   * @throws DeviceMemoryException if there is not enough memory, or the budget has no more
   */
  static MixedTarget over(
      FileMapping mapping,
      LinuxContext context,
      MemoryBudget budget,
      Residency residency,
      long blockBytes)
      throws DeviceMemoryException {
    budget.take(residency.missingBytes());
    context.makeRoom(residency.missingBytes());
    for (Span run : residency.missingRuns()) {
      context.cover(mapping.address(run.fileOffset()), run.bytes());
    }
    return new MixedTarget(mapping, context, residency, blockBytes);
  }

  @Override
  public List<FileRead> reads() {
    return reads;
  }

  @Override
  public List<Arrived> arrived() {
    return arrived;
  }

  @Override
  public void prepare(FileRead read) throws LoadException {
    context.touch(place(read));
  }

  @Override
  public Brought bring(FileRead read, TransferPath path, FileReader reader, Scratch scratch)
      throws LoadException {
    long start = System.nanoTime();
    MemorySegment place = place(read);
    context.touch(place);
    TransferPath taken = reader.fill(path, place, read.offset());
    return new Brought(taken, System.nanoTime() - start, 0);
  }

  /** Returns the memory of a read: whole pages, though the file may end within the last. */
  private MemorySegment place(FileRead read) {
    return NativeMemory.writable(mapping.address(read.offset()), read.bytes());
  }

  @Override
  public DeviceBuffer buffer() {
    return mapping.buffer();
  }

  @Override
  public List<Region> regions() {
    return mapping.regions();
  }

  @Override
  public String kind() {
    return "mapped where cached";
  }
}
