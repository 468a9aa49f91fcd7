// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.TransferPath;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Region;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;

/** Says which file it is when mapped memory can't be touched: the JDK's error doesn't. */
final class LostPages {
  /** What the JDK's error says; other internal errors are none of ours. */
  private static final String JDK_WORDS = "unsafe memory access";

  private static final long PAGE = 4096;

  private LostPages() {}

  /** Touches memory. */
  @FunctionalInterface
  interface Work<T, E extends Exception> {
    T run() throws LoadException, E;
  }

  /**
   * Works on memory that may be mapped from files.
   *
   * @throws LoadException if a page of it can't be had any more
   */
  static <T, E extends Exception> T named(Collection<Memory> memories, Work<T, E> work)
      throws LoadException, E {
    try {
      return work.run();
    } catch (InternalError e) {
      String files =
          memories.stream()
              .map(Memory::file)
              .filter(Objects::nonNull)
              .map(Path::toString)
              .distinct()
              .limit(3)
              .collect(Collectors.joining(", "));
      if (files.isEmpty() || !String.valueOf(e.getMessage()).contains(JDK_WORDS)) {
        throw e;
      }
      throw new LoadException(
          files
              + ": mapped bytes can't be read any more: the file was cut off, or its storage failed;"
              + " load again, with path COPIED if the file may change",
          e);
    }
  }

  /**
   * Reads a byte of each page of what is mapped, so that a page that can't be had shows here: once
   * ranks exchange it, the others would wait for this one.
   */
  static void findIn(FilesInFlight.Received chunk) throws LoadException {
    if (chunk.ranges().stats().bytesByPath().containsKey(TransferPath.MAPPED)) {
      var _ = chunk.file().using(() -> touch(chunk.ranges().regions()));
    }
  }

  /** Returns a sum of some bytes, which keeps the compiler from leaving the reads out. */
  private static int touch(List<Region> regions) {
    int sum = 0;
    for (Region region : regions) {
      MemorySegment bytes =
          region.buffer().host().orElseThrow().asSlice(region.offset(), region.bytes());
      for (long at = 0; at < bytes.byteSize(); at += PAGE) {
        sum += bytes.get(ValueLayout.JAVA_BYTE, at);
      }
      sum += bytes.byteSize() == 0 ? 0 : bytes.get(ValueLayout.JAVA_BYTE, bytes.byteSize() - 1);
    }
    return sum;
  }
}
