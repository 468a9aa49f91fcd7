// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.TransferPath;
import io.fastsafetensors.backend.posix.libc.KernelVersion;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.toolkit.io.FileRead;
import java.util.List;

/** The page cache itself: nothing is copied, only page tables are filled. */
final class MappedTarget extends MappingTarget {
  /** What one thread has read, and maps, in one go. */
  private static final long BLOCK = 4L << 20;

  private final PageCache cache;
  private final boolean hugeReads;

  MappedTarget(FileMapping mapping, Residency residency) {
    super(mapping, residency, BLOCK);
    this.cache = mapping.file().cache();
    this.hugeReads =
        residency.isMissingLongRuns()
            && KernelVersion.current().readsHugePages()
            && mapping.preferHugePages();
  }

  /**
   * Starts to read. The kernel's own reads in huge pages begin when pages are asked for, and take a
   * tenth of the time of the processor: what it is told in advance it reads into small pages.
   */
  @Override
  public List<FileRead> prepare(FileRead read) {
    if (!hugeReads) {
      cache.prefetch(read.offset(), mapping.bytes(read));
    }
    return List.of(read);
  }

  @Override
  public Brought bring(FileRead read, TransferPath path) throws LoadException {
    return Brought.of(read, path, mapping.populate(read));
  }
}
