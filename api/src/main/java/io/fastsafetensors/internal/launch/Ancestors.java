// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.launch;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The processes that this one descends from, as Linux shows them: how ranks of one host recognise
 * the starter that they share.
 */
final class Ancestors {
  private static final int PARENT = 1;
  private static final int START_TIME = 19;

  private Ancestors() {}

  /**
   * Returns the nearest ancestor in whose environment a variable does not have this process's
   * value: the process that set it, whatever shells are in between.
   *
   * @return its process id and start time; empty if it can't be found
   */
  static Optional<String> launcher(String variable) {
    String setting = variable + "=" + System.getenv(variable);
    String pid = "self";
    try {
      do {
        pid = stat(pid).get(PARENT);
      } while (!pid.equals("0") && hasSetting(pid, setting));
      return Optional.of(pid + "@" + stat(pid).get(START_TIME));
    } catch (IOException | IndexOutOfBoundsException e) {
      return Optional.empty();
    }
  }

  /** What may not be read belongs to another user, and so to no shell of this job. */
  private static boolean hasSetting(String pid, String setting) {
    try {
      String all = Files.readString(proc(pid, "environ"), StandardCharsets.ISO_8859_1);
      return Arrays.asList(all.split("\0")).contains(setting);
    } catch (IOException e) {
      return false;
    }
  }

  /** Returns a process's numbers from its state on; before it is a name that may hold anything. */
  private static List<String> stat(String pid) throws IOException {
    String all = Files.readString(proc(pid, "stat"), StandardCharsets.ISO_8859_1);
    return Arrays.asList(all.substring(all.lastIndexOf(')') + 2).split(" "));
  }

  private static Path proc(String pid, String file) {
    return Path.of("/proc", pid, file);
  }
}
