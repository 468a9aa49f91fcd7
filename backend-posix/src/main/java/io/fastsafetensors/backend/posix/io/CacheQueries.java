// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.backend.posix.io.CacheQuery.Cachestat;
import io.fastsafetensors.backend.posix.io.CacheQuery.FixedAnswer;
import io.fastsafetensors.backend.posix.libc.Errno;
import io.fastsafetensors.backend.posix.libc.ErrnoException;
import io.fastsafetensors.backend.posix.libc.FileSystemType;
import io.fastsafetensors.backend.posix.libc.Libc;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Finds the first way to ask for a file's pages that tells the truth of that file.
 *
 * @param libc the system
 * @param descriptor the open file
 * @param fileSize its size in bytes
 * @param type its file system's
 */
record CacheQueries(Libc libc, int descriptor, long fileSize, FileSystemType type) {
  /** Further from the end of a file than file systems keep data of their own, such as hashes. */
  private static final long FAR = 1L << 30;

  /**
   * What was found.
   *
   * @param query the way
   * @param refusals why the ways before it were not taken
   */
  record Found(CacheQuery query, List<String> refusals) {}

  /** A way that can be tried. */
  private record Way(String name, Trial trial) {}

  @FunctionalInterface
  private interface Trial {
    CacheQuery open() throws ErrnoException, NoTruth;
  }

  /** An answer that isn't the truth. */
  private static final class NoTruth extends Exception {
    private static final long serialVersionUID = 1L;

    NoTruth(String message) {
      super(message);
    }
  }

  Found find() {
    List<String> refusals = new ArrayList<>();
    if (fileSize == 0) {
      return new Found(FixedAnswer.ALL_CACHED, refusals);
    }
    for (Way way : ways()) {
      try {
        return new Found(way.trial.open(), refusals);
      } catch (ErrnoException | NoTruth e) {
        refusals.add(way.name + ": " + e.getMessage());
      }
    }
    return new Found(FixedAnswer.UNSEEN, refusals);
  }

  /**
   * Returns the ways, the cheapest first. A program may let its files share pages with others, as
   * an overlay does: what {@code cachestat} says of FUSE is the second choice.
   */
  private List<Way> ways() {
    Way cachestat = new Way(Cachestat.NAME, this::cachestat);
    Way mincore = new Way(Mincore.NAME, this::mincore);
    Way samples = new Way(CacheSamples.NAME, this::samples);
    return switch (type.kind()) {
      case MEMORY -> List.of(new Way("", () -> FixedAnswer.ALL_CACHED));
      case LOCAL, NETWORK, OVERLAY -> List.of(cachestat, mincore, samples);
      case PROGRAM, UNKNOWN -> List.of(mincore, cachestat, samples);
    };
  }

  private CacheQuery cachestat() throws ErrnoException, NoTruth {
    if (type.kind() == FileSystemType.Kind.OVERLAY) {
      throw new NoTruth("blind to what an overlay shares");
    }
    ErrnoException.check("refused", libc.cachedPages(descriptor, 0, 1));
    return new Cachestat(libc, descriptor);
  }

  /**
   * To those who neither own a file nor may write to it the kernel says that every page is there,
   * even one far past the end, which never is. That page is asked for, since who counts as the
   * owner below an overlay, or where ids are mapped, is known to the kernel alone.
   */
  private CacheQuery mincore() throws ErrnoException, NoTruth {
    long past = (2 * fileSize + FAR) & -FAR;
    try (Mincore nothing = Mincore.map(libc, descriptor, past, libc.pageSize(), false)) {
      if (nothing.check() > 0) {
        throw new NoTruth("tells only who owns the file or may write to it");
      }
    }
    // A page that a program has to bring may never come: whoever maps must know that all are there.
    boolean samples = type.kind() != FileSystemType.Kind.PROGRAM;
    return Mincore.map(libc, descriptor, 0, fileSize, samples);
  }

  private CacheQuery samples() throws ErrnoException {
    int answer = libc.peek(descriptor, ThreadLocalRandom.current().nextLong(fileSize));
    if (answer != -Errno.EAGAIN) {
      ErrnoException.check("refused", answer);
    }
    return new CacheSamples(libc, descriptor, fileSize);
  }
}
