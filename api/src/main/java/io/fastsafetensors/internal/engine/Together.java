// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.LoadException;
import io.fastsafetensors.ProcessGroup;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Steps that all ranks take or none: a rank that fails tells the others before they go on. */
final class Together {
  private static final byte DONE = 0;
  private static final byte FAILED = 1;

  private Together() {}

  /** One rank's part of a step, and what it has to tell the others. */
  @FunctionalInterface
  interface Step {
    byte[] run() throws LoadException;
  }

  /**
   * Takes a step, then waits for the others.
   *
   * @param group the ranks
   * @param operation the step's name, for messages
   * @param timeout how long to wait for the other ranks
   * @param step this rank's part
   * @return what every rank had to tell, by rank
   * @throws LoadException this rank's own failure, or one that names the rank that failed
   */
  static List<byte[]> take(ProcessGroup group, String operation, Duration timeout, Step step)
      throws LoadException {
    byte[] told;
    try {
      told = step.run();
    } catch (LoadException | RuntimeException | Error e) {
      tellFailure(group, timeout, e);
      throw e;
    }
    List<byte[]> all = new ArrayList<>();
    for (byte[] message : group.allGather(message(DONE, told), timeout)) {
      all.add(read(group, operation, all.size(), message));
    }
    return all;
  }

  private static void tellFailure(ProcessGroup group, Duration timeout, Throwable failure) {
    String reason = failure.getClass().getSimpleName() + ": " + failure.getMessage();
    try {
      group.allGather(message(FAILED, reason.getBytes(StandardCharsets.UTF_8)), timeout);
    } catch (CollectiveException e) {
      failure.addSuppressed(e);
    }
  }

  private static byte[] message(byte status, byte[] told) {
    byte[] message = new byte[Math.addExact(told.length, 1)];
    message[0] = status;
    System.arraycopy(told, 0, message, 1, told.length);
    return message;
  }

  private static byte[] read(ProcessGroup group, String operation, int rank, byte[] message)
      throws CollectiveException {
    byte[] told = Arrays.copyOfRange(message, 1, message.length);
    if (message[0] == FAILED) {
      throw new CollectiveException(
          group.rank(),
          operation,
          rank,
          "failed there: " + new String(told, StandardCharsets.UTF_8),
          null);
    }
    return told;
  }

  /**
   * Checks that all ranks were asked for the same.
   *
   * @param group the ranks
   * @param what the subject, for messages
   * @param lines what this rank was asked for
   * @throws CollectiveException the same on every rank: which ranks differ, and in what
   */
  static void agree(ProcessGroup group, String what, List<String> lines) throws LoadException {
    byte[] mine = String.join("\n", lines).getBytes(StandardCharsets.UTF_8);
    List<byte[]> all = take(group, what, group.timeout(), () -> mine);
    for (int rank = 1; rank < all.size(); rank++) {
      if (!Arrays.equals(all.getFirst(), all.get(rank))) {
        throw new CollectiveException(
            group.rank(),
            "load",
            rank,
            "ranks disagree about " + what + ": " + difference(all.getFirst(), all.get(rank), rank),
            null);
      }
    }
  }

  private static String difference(byte[] first, byte[] other, int rank) {
    List<String> a = lines(first);
    List<String> b = lines(other);
    int line = 0;
    while (line < Math.min(a.size(), b.size()) && a.get(line).equals(b.get(line))) {
      line++;
    }
    return "rank 0 has %s, rank %d has %s".formatted(at(a, line), rank, at(b, line));
  }

  private static List<String> lines(byte[] text) {
    return new String(text, StandardCharsets.UTF_8).lines().toList();
  }

  private static String at(List<String> lines, int line) {
    return line < lines.size() ? "'" + lines.get(line) + "'" : "nothing more";
  }
}
