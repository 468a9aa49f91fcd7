// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.LoadException;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.Region;
import java.util.List;

/** The page cache itself: nothing is copied, only page tables are filled. */
final class MappedTarget implements Target {
  /** What one thread has read, and maps, in one go. */
  private static final long BLOCK = 4L << 20;

  private final FileMapping mapping;
  private final PageCache cache;
  private final List<FileRead> reads;
  private final List<Arrived> arrived;
  private final boolean hugeReads;

  MappedTarget(FileMapping mapping, Residency residency) {
    this.mapping = mapping;
    this.cache = mapping.file().cache();
    this.reads =
        residency.missing().stream()
            .flatMap(block -> block.blocks(BLOCK).stream())
            .map(FileRead::of)
            .toList();
    this.arrived = residency.resident();
    // Linux reads into huge pages since 5.18, a little longer than it tells what is cached.
    this.hugeReads = residency.isMissingLongRuns() && cache.isTold() && mapping.preferHugePages();
  }

  @Override
  public List<FileRead> reads() {
    return reads;
  }

  @Override
  public List<Arrived> arrived() {
    return arrived;
  }

  /**
   * Starts to read. The kernel's own reads in huge pages begin when pages are asked for, and take a
   * tenth of the time of the processor: what it is told in advance it reads into small pages.
   */
  @Override
  public void prepare(FileRead read) {
    if (!hugeReads) {
      cache.prefetch(read.offset(), mapping.bytes(read));
    }
  }

  @Override
  public Brought bring(FileRead read, TransferPath path, FileReader reader, Scratch scratch)
      throws LoadException {
    long start = System.nanoTime();
    mapping.populate(read, reader);
    return new Brought(path, System.nanoTime() - start, 0);
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
    return "mapped";
  }
}
