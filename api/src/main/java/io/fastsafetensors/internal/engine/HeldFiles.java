// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Which files a call of a loader has in its hands, and which of them it waits for: for who can't
 * wait any longer. Counts only: it frees nothing. Thread-safe.
 */
final class HeldFiles {
  private static final int MOST_NAMED = 3;
  private static final String WORKING = "its work has not ended";

  /** By who holds it: of one file there may be several reads in flight. */
  private final Map<Object, Hold> holds = new LinkedHashMap<>();

  private String rest = WORKING;

  /**
   * What is held of a file.
   *
   * @param file the file
   * @param bytes the memory for what is read of it
   * @param asked whether the file system was asked something else, and did not answer yet
   * @param reads how many reads did not end when they should have
   */
  private record Hold(Path file, long bytes, boolean asked, int reads) {
    boolean hangs() {
      return asked || reads > 0;
    }

    Hold and(Hold other) {
      return new Hold(file, bytes + other.bytes, asked || other.asked, reads + other.reads);
    }

    String describe() {
      return switch (reads) {
        case 0 -> file + " does not answer";
        case 1 -> "a read of " + file + " hangs";
        default -> reads + " reads of " + file + " hang";
      };
    }
  }

  /** Notes that a file is asked for something, which takes so much memory. */
  void ask(Path file, long bytes) {
    ask(file, file, bytes);
  }

  /** Notes the same of one of several who have the file. */
  synchronized void ask(Object who, Path file, long bytes) {
    holds.put(who, new Hold(file, bytes, true, 0));
  }

  /** Notes that a file answered; its memory is still held. */
  synchronized void answered(Object who) {
    holds.computeIfPresent(who, (_, hold) -> new Hold(hold.file, hold.bytes, false, 0));
  }

  /** Notes that reads of a file did not end. */
  synchronized void hanging(Object who, int reads) {
    holds.computeIfPresent(who, (_, hold) -> new Hold(hold.file, hold.bytes, false, reads));
  }

  /** Notes that somebody, or a file that is asked by nobody else, holds nothing any more. */
  synchronized void done(Object who) {
    holds.remove(who);
  }

  /** Notes that the call waits for other ranks. */
  synchronized void waitsForRanks() {
    rest = "it waits for chunks that other ranks read";
  }

  /** Notes that the other ranks are here. */
  synchronized void works() {
    rest = WORKING;
  }

  /** Returns how much memory is held. */
  synchronized long bytes() {
    return holds.values().stream().mapToLong(Hold::bytes).sum();
  }

  /** Says what hangs, and how much memory is kept for it. */
  synchronized String describe() {
    Map<Path, Hold> byFile = new LinkedHashMap<>();
    holds.values().stream()
        .filter(Hold::hangs)
        .forEach(hold -> byFile.merge(hold.file, hold, Hold::and));
    List<String> hanging = byFile.values().stream().map(Hold::describe).toList();
    String files =
        hanging.isEmpty()
            ? rest
            : hanging.stream().limit(MOST_NAMED).collect(Collectors.joining(", "));
    String more =
        hanging.size() > MOST_NAMED ? " and " + (hanging.size() - MOST_NAMED) + " more" : "";
    String kept =
        bytes() == 0 ? "" : "; " + bytes() + " bytes of memory are kept until that has ended";
    return files + more + kept;
  }
}
