// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.libc;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The version of Linux, for what can't be asked otherwise.
 *
 * @param major the first number
 * @param minor the second
 */
public record KernelVersion(int major, int minor) {
  private static final Pattern NUMBERS = Pattern.compile("(\\d{1,9})\\.(\\d{1,9}).*");

  /** Returns the version of the system that runs this. */
  public static KernelVersion current() {
    return parse(System.getProperty("os.version", ""));
  }

  /** Reads a version such as {@code 6.18.4-amd64}; 0.0 if there is none. */
  static KernelVersion parse(String version) {
    Matcher numbers = NUMBERS.matcher(version);
    return numbers.matches()
        ? new KernelVersion(Integer.parseInt(numbers.group(1)), Integer.parseInt(numbers.group(2)))
        : new KernelVersion(0, 0);
  }

  /** Tells whether a mapping that prefers huge pages is read into them: since Linux 5.18. */
  public boolean readsHugePages() {
    return major > 5 || (major == 5 && minor >= 18);
  }
}
