// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.save;

import io.fastsafetensors.internal.save.FillJobs.Kind;
import java.util.ArrayList;
import java.util.List;

/**
 * Bytes that are gathered together: neighbours, an extent that is given as a whole, or rows of an
 * extent that are apart in the file, as many as a block has room for.
 *
 * @param assembly the file
 * @param extents the extents that have them; some may have nothing of them
 * @param from where they start in the file; if they are rows, counted in their extent's bytes
 * @param to one past the last
 * @param areRows whether they are rows that are apart
 */
record FillJob(Assembly assembly, List<Extent> extents, long from, long to, boolean areRows) {
  /** Returns the extent that has the rows. */
  Extent rows() {
    return extents.getFirst();
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
    List<Extent> extents = file.file().plan().extents();
    for (int i = 0; i < extents.size(); i++) {
      Extent extent = extents.get(i);
      switch (extent.content()) {
        case Content.Placed _ when extent.isRun() -> cutter.add(extent);
        case Content.Placed _ -> {
          int end = endOfInterleaved(extents, i);
          cutter.addInterleaved(extents.subList(i, end));
          i = end - 1;
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

  /** Returns one past the last of some extents of which each begins before those before it end. */
  private static int endOfInterleaved(List<Extent> extents, int first) {
    long end = extents.get(first).end();
    int next = first + 1;
    while (next < extents.size()
        && extents.get(next).position() < end
        && extents.get(next).content() instanceof Content.Placed) {
      end = Math.max(end, extents.get(next).end());
      next++;
    }
    return next;
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
        addJob(List.copyOf(open), from, to, false);
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
        addJob(List.copyOf(open), from, open.getLast().end(), false);
        open.clear();
      }
    }

    private void addJob(List<Extent> extents, long begin, long to, boolean areRows) {
      jobs.add(new FillJob(file, extents, begin, to, areRows));
    }

    /** Cuts rows of several extents: together if they have all bytes between them. */
    void addInterleaved(List<Extent> extents) {
      long begin = extents.getFirst().position();
      long to = extents.stream().mapToLong(Extent::end).max().orElse(begin);
      if (extents.stream().mapToLong(Extent::bytes).sum() == to - begin) {
        end();
        addTogether(List.copyOf(extents), begin, to);
        return;
      }
      for (Extent extent : extents) {
        if (extent.isRun()) {
          add(extent);
        } else {
          end();
          addRows(extent);
        }
      }
    }

    /** Half a block takes what is written, the other half the bytes of an extent on their way. */
    private void addTogether(List<Extent> extents, long begin, long to) {
      long most = blockBytes / 2;
      for (long at = begin; at < to; ) {
        long next = Math.min(to, (at / most + 1) * most);
        addJob(extents, at, next, false);
        at = next;
      }
    }

    private void addRows(Extent extent) {
      for (long at = 0; at < extent.bytes(); at += blockBytes) {
        addJob(List.of(extent), at, Math.min(extent.bytes(), at + blockBytes), true);
      }
    }

    void addWhole(Extent extent) {
      addJob(List.of(extent), extent.position(), extent.end(), false);
    }
  }
}
