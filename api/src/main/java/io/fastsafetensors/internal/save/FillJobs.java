// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.save;

import java.util.ArrayDeque;
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

  /** Who gathers bytes. */
  enum Kind {
    /** Any thread, which also writes them. */
    PLACED,
    /** The thread that saves, as nobody else may read them. */
    CONFINED,
    /** A source, which is asked for them. */
    PUSHED
  }

  private final List<Deque<FillJob>> byKind =
      List.of(new ArrayDeque<>(), new ArrayDeque<>(), new ArrayDeque<>());

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
          of(jobs.get(i).kind()).add(jobs.get(i));
        }
      }
    }
  }

  private Deque<FillJob> of(Kind kind) {
    return switch (kind) {
      case PLACED -> byKind.get(0);
      case CONFINED -> byKind.get(1);
      case PUSHED -> byKind.get(2);
    };
  }

  /** Returns how many jobs are left. */
  synchronized int left(Kind kind) {
    return of(kind).size();
  }

  /** Returns a job that is left; null if there is none. */
  synchronized @Nullable FillJob next(Kind kind) {
    return of(kind).poll();
  }
}
