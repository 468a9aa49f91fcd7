// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.DirectMode;
import io.fastsafetensors.Reason;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.toolkit.io.FileRead;
import io.fastsafetensors.toolkit.io.FileStats;
import io.fastsafetensors.toolkit.io.PathChoice;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Chooses the way of each read of a file by what the page cache has of it.
 *
 * @param file the file
 * @param mode what was asked for
 * @param placement how the file gets into memory
 * @param cached whether the file was found in the page cache as a whole
 */
record PosixPaths(PosixFile file, DirectMode mode, Placement placement, boolean cached)
    implements PathChoice {
  /** How a file gets into memory, as reports name it. */
  enum Placement {
    MAPPED("path.mapped", "mapped"),
    MIXED("path.mixed", "mapped where cached"),
    COPIED("path.copied", "copied"),
    UNIFIED("path.unified", "unified memory"),
    STAGED("path.staged", "staged");

    private final String code;
    private final String text;

    Placement(String code, String text) {
      this.code = code;
      this.text = text;
    }
  }

  @Override
  public TransferPath path(FileRead read) {
    if (placement == Placement.MAPPED) {
      return TransferPath.MAPPED;
    }
    if (mode == DirectMode.ON && file.direct().descriptor() >= 0) {
      return TransferPath.DIRECT;
    }
    if (cached || file.cache().holds(read.offset(), read.bytes())) {
      return TransferPath.CACHED;
    }
    return mayReadDirectly() && file.direct().descriptor() >= 0
        ? TransferPath.DIRECT
        : TransferPath.BUFFERED;
  }

  @Override
  public boolean mayUseStorage() {
    return !cached;
  }

  /** Tells whether reads may pass the page cache, as far as known. */
  boolean mayReadDirectly() {
    return switch (mode) {
      case ON -> file.direct().isAllowed();
      case AUTO -> !cached && file.direct().isAllowed() && objection() == null;
      case OFF -> false;
    };
  }

  /**
   * Returns why reads don't pass the page cache unless asked to; null if nothing speaks against it.
   * To read from the disk again what is in memory costs most. And a process can't end before its
   * direct reads of FUSE do, where a read by way of the page cache lets it go.
   */
  private @Nullable String objection() {
    if (!file.cache().isSeen()) {
      return "what is cached isn't seen";
    }
    return file.cache().isBehindProgram() ? "a program serves the file, and could hang" : null;
  }

  @Override
  public Reason reason(FileStats stats, List<Region> regions) {
    boolean storage = stats.used(TransferPath.DIRECT) || stats.used(TransferPath.BUFFERED);
    String direct = storage ? "; {direct}" : "";
    Reason reason =
        Reason.of(
                placement.code,
                "{way}: {shares}"
                    + direct
                    + "; {page-cache}; tensors at multiples of {alignment} bytes")
            .with("way", placement.text)
            .with("shares", stats.shares())
            .with("page-cache", file.cache().describe())
            .with("alignment", alignment(regions));
    return storage ? reason.with("direct", describeDirect()) : reason;
  }

  /** Says why storage was read the way it was. */
  private String describeDirect() {
    if (mode == DirectMode.OFF) {
      return "direct reads are off";
    }
    @Nullable String objection = mode == DirectMode.AUTO ? objection() : null;
    return objection == null ? file.direct().describe() : "not direct: " + objection;
  }

  private static long alignment(List<Region> regions) {
    long bits = regions.stream().mapToLong(Region::address).reduce(4096, (a, b) -> a | b);
    return Long.lowestOneBit(bits);
  }
}
