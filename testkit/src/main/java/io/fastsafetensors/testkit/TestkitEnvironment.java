// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.toolkit.text.SettingValues;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Where and how long the contracts try a plug-in; immutable.
 *
 * @since 0.1
 */
public final class TestkitEnvironment {
  private final Path folder;
  private final Duration patience;
  private final Duration quiet;
  private final boolean large;

  private TestkitEnvironment(Path folder, Duration patience, Duration quiet, boolean large) {
    this.folder = folder;
    this.patience = patience;
    this.quiet = quiet;
    this.large = large;
  }

  /**
   * Reads the system properties {@code fst.testkit.folder}, {@code fst.testkit.patience.ms}, {@code
   * fst.testkit.quiet.ms} and {@code fst.testkit.large}, or else the environment variables {@code
   * FST_TESTKIT_FOLDER} and so on. The defaults are the folder for temporary files, 20 s, 200 ms,
   * and no large sizes.
   *
   * @return the environment
   * @throws IllegalArgumentException if a value is malformed; it names the property
   */
  public static TestkitEnvironment fromSystem() {
    return new TestkitEnvironment(
        read("fst.testkit.folder", Path::of, Path.of(System.getProperty("java.io.tmpdir"))),
        read("fst.testkit.patience.ms", TestkitEnvironment::millis, Duration.ofSeconds(20)),
        read("fst.testkit.quiet.ms", TestkitEnvironment::millis, Duration.ofMillis(200)),
        read("fst.testkit.large", SettingValues::flag, false));
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

  /**
   * Changes the folder.
   *
   * @param path where sample files are written
   * @return the changed environment
   */
  public TestkitEnvironment withFolder(Path path) {
    return new TestkitEnvironment(path, patience, quiet, large);
  }

  /**
   * Changes which sizes are tried.
   *
   * @param over4Gib whether to try sizes over 4 GiB
   * @return the changed environment
   */
  public TestkitEnvironment withLarge(boolean over4Gib) {
    return new TestkitEnvironment(folder, patience, quiet, over4Gib);
  }

  private static Duration millis(String text) {
    return Duration.ofMillis(SettingValues.integer(text, 0, Integer.MAX_VALUE));
  }

  private static <T> T read(String name, Function<String, T> parser, T otherwise) {
    try {
      return setting(name).map(parser).orElse(otherwise);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(name + ": " + e.getMessage(), e);
    }
  }

  private static Optional<String> setting(String name) {
    String variable = name.replace('.', '_').toUpperCase(Locale.ROOT);
    return Optional.ofNullable(System.getProperty(name))
        .or(() -> Optional.ofNullable(System.getenv(variable)));
  }

  /** {@return where sample files are written: choose the file system to certify} */
  public Path folder() {
    return folder;
  }

  /** {@return how long something that must happen is waited for} */
  public Duration patience() {
    return patience;
  }

  /** {@return how long something that must not happen is watched for} */
  public Duration quiet() {
    return quiet;
  }

  /** {@return whether to try sizes over 4 GiB, which takes as much memory and disk} */
  public boolean large() {
    return large;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof TestkitEnvironment that
        && folder.equals(that.folder)
        && patience.equals(that.patience)
        && quiet.equals(that.quiet)
        && large == that.large;
  }

  @Override
  public int hashCode() {
    return Objects.hash(folder, patience, quiet, large);
  }

  @Override
  public String toString() {
    return "folder " + folder + ", patience " + patience + ", quiet " + quiet + ", large " + large;
  }
}
