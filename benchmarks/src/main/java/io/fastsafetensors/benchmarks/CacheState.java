// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;

/** What of the files is in the page cache when a run starts. */
enum CacheState {
  /** All of it, in pages of the sizes that the kernel chose. */
  WARM,
  /** All of it in small pages, as file systems have it that know no other (ext4 before 6.16). */
  WARM_SMALL,
  /** Nothing, with the disk's readahead as the system set it. */
  COLD,
  /** Nothing, with a readahead of 128 KiB, the default of Linux. */
  COLD_128K,
  /** The first half of each file. */
  HALF;

  /** Brings the page cache into this state. */
  void establish(Path folder) throws IOException {
    if (needsRoot()) {
      HostState.dropCaches();
    }
    switch (this) {
      case WARM -> HostState.warm(folder, 1);
      case WARM_SMALL -> HostState.warmInSmallPages(folder);
      case HALF -> HostState.warm(folder, 0.5);
      case COLD, COLD_128K -> {}
    }
  }

  /** Tells whether all of it is cached. */
  boolean cached() {
    return this == WARM || this == WARM_SMALL;
  }

  boolean needsRoot() {
    return this != WARM;
  }

  /** Returns the name on the command line. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
