// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/**
 * Where and how long the contracts try a plug-in.
 *
 * @param folder where sample files are written: choose the file system to certify
 * @param patience how long something that must happen is waited for
 * @param quiet how long something that must not happen is watched for
 * @param large whether to try sizes over 4 GiB, which takes as much memory and disk
 * @since 0.1
 */
public record TestkitEnvironment(Path folder, Duration patience, Duration quiet, boolean large) {
  /**
   * Reads the system properties {@code fst.testkit.folder}, {@code fst.testkit.patience.ms}, {@code
   * fst.testkit.quiet.ms} and {@code fst.testkit.large}, or else the environment variables {@code
   * FST_TESTKIT_FOLDER} and so on. The defaults are the folder for temporary files, 20 s, 200 ms,
   * and no large sizes.
   *
   * @return the environment
   * @throws NumberFormatException if a time is not a number
   */
  public static TestkitEnvironment fromSystem() {
    return new TestkitEnvironment(
        Path.of(setting("fst.testkit.folder").orElse(System.getProperty("java.io.tmpdir"))),
        millis("fst.testkit.patience.ms", 20_000),
        millis("fst.testkit.quiet.ms", 200),
        Boolean.parseBoolean(setting("fst.testkit.large").orElse("false")));
  }

  /**
   * Changes the patience.
   *
   * @param wait how long something that must happen is waited for
   * @return the changed environment
   */
  public TestkitEnvironment withPatience(Duration wait) {
    return new TestkitEnvironment(folder, wait, quiet, large);
  }

  /**
   * Changes the quiet.
   *
   * @param wait how long something that must not happen is watched for; the groups of tests that
   *     wait for the end of their timeout have twice as much
   * @return the changed environment
   */
  public TestkitEnvironment withQuiet(Duration wait) {
    return new TestkitEnvironment(folder, patience, wait, large);
  }

  private static Duration millis(String name, long otherwise) {
    return Duration.ofMillis(setting(name).map(Long::parseLong).orElse(otherwise));
  }

  private static Optional<String> setting(String name) {
    String variable = name.replace('.', '_').toUpperCase(Locale.ROOT);
    return Optional.ofNullable(System.getProperty(name))
        .or(() -> Optional.ofNullable(System.getenv(variable)));
  }
}
