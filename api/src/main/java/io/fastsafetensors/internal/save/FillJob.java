// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.save;

import io.fastsafetensors.internal.save.FillJobs.Kind;
import java.util.ArrayList;
import java.util.List;

/**
 * Bytes that are gathered together: a block, an extent that is given as a whole, or rows of an
 * extent, as many as a block has room for.
 *
 * @param assembly the file
 * @param extents the extents that have them
 * @param from where they start in the file; if they are rows, counted in their extent's bytes
 * @param to one past the last
 */
record FillJob(Assembly assembly, List<Extent> extents, long from, long to) {
  /** Returns whether they are rows that are apart in the file. */
  boolean areRows() {
    return !extents.getFirst().isRun();
  }

  Kind kind() {
    boolean isConfined = false;
    for (Extent extent : extents) {
      switch (extent.content()) {
        case Content.Pushed _, Content.Arriving _ -> {
          return Kind.PUSHED;
        }
        case Content.Placed placed -> isConfined |= placed.isConfined();
      }
    }
    return isConfined ? Kind.CONFINED : Kind.PLACED;
  }

  /** Cuts all that is to be gathered of a file into jobs, in order. */
  static List<FillJob> of(Assembly file, long blockBytes) {
    Cutter cutter = new Cutter(file, blockBytes);
    for (Extent extent : file.file().plan().extents()) {
      switch (extent.content()) {
        case Content.Placed _ when extent.isRun() -> cutter.add(extent);
        case Content.Placed _ -> {
          cutter.end();
          cutter.addRows(extent);
        }
        case Content.Pushed _ -> {
          cutter.end();
          cutter.addWhole(extent);
        }
        case Content.Arriving _ -> cutter.end();
      }
    }
    cutter.end();
    return cutter.jobs;
  }

  /** Cuts neighbouring extents where blocks end. */
  private static final class Cutter {
    private final Assembly file;
    private final long blockBytes;
    private final List<FillJob> jobs = new ArrayList<>();
    private final List<Extent> open = new ArrayList<>();
    private long from;

    Cutter(Assembly file, long blockBytes) {
      this.file = file;
      this.blockBytes = blockBytes;
    }

    void add(Extent extent) {
      if (extent.bytes() == 0) {
        return;
      }
      if (!open.isEmpty() && open.getLast().end() != extent.position()) {
        end(); // others write what is between
      }
      if (open.isEmpty()) {
        from = extent.position();
      }
      open.add(extent);
      while (blockEnd() <= extent.end()) {
        long to = blockEnd();
        jobs.add(new FillJob(file, List.copyOf(open), from, to));
        from = to;
        open.clear();
        if (to < extent.end()) {
          open.add(extent);
        }
      }
    }

    private long blockEnd() {
      return (from / blockBytes + 1) * blockBytes;
    }

    void end() {
      if (!open.isEmpty()) {
        jobs.add(new FillJob(file, List.copyOf(open), from, open.getLast().end()));
        open.clear();
      }
    }

    void addRows(Extent extent) {
      for (long at = 0; at < extent.bytes(); at += blockBytes) {
        long to = Math.min(extent.bytes(), at + blockBytes);
        jobs.add(new FillJob(file, List.of(extent), at, to));
      }
    }

    void addWhole(Extent extent) {
      jobs.add(new FillJob(file, List.of(extent), extent.position(), extent.end()));
    }
  }
}
