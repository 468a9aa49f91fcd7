// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import io.fastsafetensors.spi.ByteRange;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Cuts what is wanted of a file into chunks that are read one after the other. */
final class Chunks {
  /** What is read at a time: long enough for storage, short enough to keep several in memory. */
  static final long BYTES = 16L << 20;

  /** Rows that are nearer are read in one run, with what is between them. */
  private static final long MAX_GAP = 16 << 10;

  /** The most runs of a chunk. */
  private static final int RUNS = 4096;

  private final CatalogFile file;
  private final List<FilePlan> chunks = new ArrayList<>();
  private final List<WantedPart> open = new ArrayList<>();
  private final long most;
  private long openBytes;

  private Chunks(CatalogFile file, long most) {
    this.file = file;
    this.most = most;
  }

  /**
   * Cuts a file.
   *
   * @param file the file
   * @param wanted what is wanted of it by one rank or by several; in any order
   * @param most the most bytes of a chunk
   * @return the chunks: every wanted byte is in one of them, and in no other
   */
  static List<FilePlan> of(CatalogFile file, List<WantedPart> wanted, long most) {
    Map<CatalogEntry, List<Slice>> slices = new LinkedHashMap<>();
    wanted.stream()
        .filter(part -> part.bytes() > 0)
        .sorted(Comparator.comparing(WantedPart::entry, CatalogEntry.BY_PLACE))
        .forEach(
            part -> slices.computeIfAbsent(part.entry(), _ -> new ArrayList<>()).add(part.slice()));
    Chunks cut = new Chunks(file, most);
    slices.forEach((entry, parts) -> runs(parts).forEach(run -> cut.add(entry, run)));
    cut.end();
    return cut.chunks;
  }

  /** Returns the runs of bytes that some parts of a tensor have, each byte once. */
  private static List<ByteRange> runs(List<Slice> slices) {
    List<ByteRange> all = new ArrayList<>();
    slices.forEach(slice -> slice.addRuns(MAX_GAP, all));
    return ByteRuns.joined(all, MAX_GAP);
  }

  private void add(CatalogEntry entry, ByteRange run) {
    for (long at = run.begin(); at < run.end(); ) {
      long bytes = Math.min(run.end() - at, most - openBytes);
      open.add(WantedPart.bytes(entry, new ByteRange(at, at + bytes)));
      openBytes += bytes;
      at += bytes;
      if (openBytes == most || open.size() == RUNS) {
        end();
      }
    }
  }

  private void end() {
    if (!open.isEmpty()) {
      chunks.add(FilePlan.of(file, open));
      open.clear();
      openBytes = 0;
    }
  }
}
