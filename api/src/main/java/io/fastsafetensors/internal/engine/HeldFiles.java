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

  private final Map<Path, Hold> holds = new LinkedHashMap<>();
  private String rest = WORKING;

  /**
   * What is held of a file.
   *
   * @param bytes the memory for what is read of it
   * @param asked whether the file system was asked something else, and did not answer yet
   * @param reads how many reads did not end when they should have
   */
  private record Hold(long bytes, boolean asked, int reads) {
    boolean hangs() {
      return asked || reads > 0;
    }

    String describe(Path file) {
      return switch (reads) {
        case 0 -> file + " does not answer";
        case 1 -> "a read of " + file + " hangs";
        default -> reads + " reads of " + file + " hang";
      };
    }
  }

  /** Notes that a file is asked for something, which takes so much memory. */
  synchronized void ask(Path file, long bytes) {
    holds.put(file, new Hold(bytes, true, 0));
  }

  /** Notes that a file answered; its memory is still held. */
  synchronized void answered(Path file) {
    holds.computeIfPresent(file, (_, hold) -> new Hold(hold.bytes, false, 0));
  }

  /** Notes that reads of a file did not end. */
  synchronized void hanging(Path file, int reads) {
    holds.computeIfPresent(file, (_, hold) -> new Hold(hold.bytes, false, reads));
  }

  /** Notes that nothing of a file is held any more. */
  synchronized void done(Path file) {
    holds.remove(file);
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
    List<String> hanging =
        holds.entrySet().stream()
            .filter(hold -> hold.getValue().hangs())
            .map(hold -> hold.getValue().describe(hold.getKey()))
            .toList();
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
