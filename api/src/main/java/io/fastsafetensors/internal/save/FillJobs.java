// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.save;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What there is to gather. A few files take turns, so that they are written side by side.
 * Thread-safe.
 */
final class FillJobs {
  /** Files that are written at a time: more would only make later ones wait. */
  private static final int FILES = 4;

  private final Deque<FillJob> forAll = new ArrayDeque<>();
  private final Deque<FillJob> forCaller = new ArrayDeque<>();

  FillJobs(List<Assembly> files, long blockBytes) {
    for (int first = 0; first < files.size(); first += FILES) {
      takeTurns(
          files.subList(first, Math.min(files.size(), first + FILES)).stream()
              .map(file -> FillJob.of(file, blockBytes))
              .toList());
    }
  }

  private void takeTurns(List<List<FillJob>> files) {
    int most = files.stream().mapToInt(List::size).max().orElse(0);
    for (int i = 0; i < most; i++) {
      for (List<FillJob> jobs : files) {
        if (i < jobs.size()) {
          FillJob job = jobs.get(i);
          (job.isConfined() ? forCaller : forAll).add(job);
        }
      }
    }
  }

  /** Returns how many jobs are left that any thread can do. */
  synchronized int shared() {
    return forAll.size();
  }

  /** Returns a job that is left; null if there is none. */
  synchronized @Nullable FillJob next(boolean isCaller) {
    FillJob own = isCaller ? forCaller.poll() : null;
    return own == null ? forAll.poll() : own;
  }

  /** Bytes that are gathered together: a block, or an extent that is given as a whole. */
  record FillJob(Assembly assembly, List<Extent> extents, long from, long to) {
    boolean isConfined() {
      return extents.stream()
          .anyMatch(extent -> extent.content() instanceof Content.Placed p && p.isConfined());
    }

    /** Cuts all that is to be gathered of a file into jobs, in order. */
    static List<FillJob> of(Assembly file, long blockBytes) {
      Cutter cutter = new Cutter(file, blockBytes);
      for (Extent extent : file.file().plan().extents()) {
        switch (extent.content()) {
          case Content.Placed _ -> cutter.add(extent);
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

    void addWhole(Extent extent) {
      jobs.add(new FillJob(file, List.of(extent), extent.position(), extent.end()));
    }
  }
}
