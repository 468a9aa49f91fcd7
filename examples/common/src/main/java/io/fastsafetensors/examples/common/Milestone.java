// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.examples.common;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/** What a program that {@link Comparison} times says on its way: a line each. */
public enum Milestone {
  /** The weights are in the runtime; with the nanoseconds that it took, without its start. */
  LOADED,
  /** The first result is there. */
  FIRST_RESULT,
  /** With the most memory that was resident, in bytes. */
  PEAK;

  private static final String MARK = "@";
  private static final String STATUS_LINE = "VmHWM:";

  /** Says that the weights are there, after that many nanoseconds. */
  public static void loaded(long nanos) {
    LOADED.print(nanos);
  }

  /** Says that the first result is there. */
  public static void firstResult() {
    FIRST_RESULT.print(0);
  }

  /** Says how much memory was resident at most, as Linux has it. */
  public static void end() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith(STATUS_LINE)) {
        String kibibytes = line.substring(STATUS_LINE.length()).replace("kB", "").strip();
        PEAK.print(Long.parseLong(kibibytes) * 1024);
      }
    }
  }

  private void print(long value) {
    System.out.println(MARK + name() + " " + value);
  }

  /** Returns the value of a line, if it is about this. */
  OptionalLong value(String line) {
    String start = MARK + name() + " ";
    return line.startsWith(start)
        ? OptionalLong.of(Long.parseLong(line.substring(start.length())))
        : OptionalLong.empty();
  }
}
