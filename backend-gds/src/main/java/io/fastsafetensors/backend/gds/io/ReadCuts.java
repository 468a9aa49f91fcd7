// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds.io;

import static io.fastsafetensors.backend.gds.io.GdsTuning.PAGE;
import static io.fastsafetensors.backend.gds.io.GdsTuning.pagesDown;
import static io.fastsafetensors.backend.gds.io.GdsTuning.pagesUp;

import io.fastsafetensors.toolkit.io.FileRead;
import io.fastsafetensors.toolkit.io.RangeLayout;
import io.fastsafetensors.toolkit.io.RangeLayout.Span;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;

/**
 * Cuts what a layout wants into reads. cuFile gets whole pages of the file only: what is smaller
 * than the threshold, or past the last whole page, is staged. Pure data.
 */
final class ReadCuts {
  /** How bytes get to the device. */
  enum Way {
    /** By cuFile to their place: whole pages that go to whole pages. */
    STRAIGHT("straight"),
    /** By cuFile to scratch memory of the device, from there to their place. */
    SCRATCH("by way of scratch memory"),
    /** By the page cache to pinned memory of the host, from there to their place. */
    STAGED("staged");

    private final String text;

    Way(String text) {
      this.text = text;
    }

    @Override
    public String toString() {
      return text;
    }
  }

  private final GdsTuning tuning;
  private final long wholePages;
  private final IdentityHashMap<FileRead, Way> ways = new IdentityHashMap<>();
  private final List<FileRead> reads = new ArrayList<>();
  private final List<Span> staged = new ArrayList<>();
  private long stagedFrom;
  private long stagedEnd;

  private ReadCuts(GdsTuning tuning, long fileSize) {
    this.tuning = tuning;
    this.wholePages = pagesDown(fileSize);
  }

  /** Cuts a layout. */
  static ReadCuts of(RangeLayout layout, long fileSize, GdsTuning tuning) {
    ReadCuts reads = new ReadCuts(tuning, fileSize);
    for (Span span : layout.spans()) {
      long bytes = Math.min(span.fileEnd(), fileSize) - span.fileOffset();
      reads.add(new Span(span.fileOffset(), span.bufferOffset(), bytes), span.isOnGrain(PAGE));
    }
    reads.endStaged();
    return reads;
  }

  /** Returns the reads, in the order of the file. */
  List<FileRead> all() {
    return reads;
  }

  Way way(FileRead read) {
    return Objects.requireNonNull(ways.get(read));
  }

  boolean has(Way way) {
    return ways.containsValue(way);
  }

  private void add(Way way, FileRead read) {
    reads.add(read);
    ways.put(read, way);
  }

  private void add(Span wanted, boolean onPages) {
    long paged = Math.min(wanted.fileEnd(), wholePages) - wanted.fileOffset();
    if (onPages) {
      paged = pagesDown(paged);
    }
    if (paged < tuning.smallest()) {
      stage(wanted);
      return;
    }
    endStaged();
    for (Span block : first(wanted, paged).blocks(tuning.blockBytes())) {
      if (onPages) {
        add(Way.STRAIGHT, FileRead.of(block));
      } else {
        add(Way.SCRATCH, widened(block));
      }
    }
    if (paged < wanted.bytes()) {
      stage(after(wanted, paged));
    }
  }

  private static FileRead widened(Span block) {
    long from = pagesDown(block.fileOffset());
    return FileRead.of(from, pagesUp(block.fileEnd()) - from, List.of(block));
  }

  private void stage(Span wanted) {
    for (Span piece : wanted.blocks(tuning.stagingBytes())) {
      if (!staged.isEmpty() && !shares(piece)) {
        endStaged();
      }
      boolean first = staged.isEmpty();
      stagedFrom = first ? piece.fileOffset() : Math.min(stagedFrom, piece.fileOffset());
      stagedEnd = first ? piece.fileEnd() : Math.max(stagedEnd, piece.fileEnd());
      staged.add(piece);
    }
  }

  /**
   * Near pieces share a read, so that the number of reads follows the bytes. Neighbours overlap
   * where one of them was widened to whole pages.
   */
  private boolean shares(Span next) {
    long from = Math.min(stagedFrom, next.fileOffset());
    long end = Math.max(stagedEnd, next.fileEnd());
    return next.fileOffset() - stagedEnd <= FileRead.MAX_GAP && end - from <= tuning.stagingBytes();
  }

  private void endStaged() {
    if (!staged.isEmpty()) {
      add(Way.STAGED, FileRead.of(stagedFrom, stagedEnd - stagedFrom, staged));
      staged.clear();
    }
  }

  private static Span first(Span span, long bytes) {
    return new Span(span.fileOffset(), span.bufferOffset(), bytes);
  }

  private static Span after(Span span, long bytes) {
    return new Span(span.fileOffset() + bytes, span.bufferOffset() + bytes, span.bytes() - bytes);
  }
}
