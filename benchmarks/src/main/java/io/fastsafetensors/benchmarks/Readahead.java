// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The readahead of the disk that a folder is on; as root it can be changed, and is put back in the
 * end, also if the JVM is stopped.
 */
final class Readahead implements AutoCloseable {
  /** The default of Linux. */
  static final int LINUX_KIB = 128;

  private static final long DEVICE_MINOR_LOW = 0xff;

  private final Path setting;
  private final String before;
  private final Thread rescue;

  private Readahead(Path setting, String kib) throws IOException {
    this.setting = setting;
    this.before = Files.readString(setting).strip();
    this.rescue = new Thread(this::restore);
    Runtime.getRuntime().addShutdownHook(rescue);
    Files.writeString(setting, kib);
  }

  /** Sets it; answers nothing where that is not possible. */
  static Optional<Readahead> set(Path folder, int kib) throws IOException {
    Optional<Path> setting = setting(folder).filter(Files::isWritable);
    return setting.isEmpty()
        ? Optional.empty()
        : Optional.of(new Readahead(setting.get(), Integer.toString(kib)));
  }

  /** Tells what it is, in KiB, as text. */
  static String describe(Path folder) throws IOException {
    Optional<Path> setting = setting(folder);
    return setting.isEmpty() ? "unknown" : Files.readString(setting.get()).strip();
  }

  private static Optional<Path> setting(Path folder) throws IOException {
    Path disk = disk(folder);
    return Optional.of(disk.resolve("queue/read_ahead_kb"))
        .filter(Files::exists)
        .or(() -> Optional.of(disk.resolve("../queue/read_ahead_kb")).filter(Files::exists));
  }

  /**
   * Returns the kernel's folder of the disk that a folder is on; it is named by the number that
   * each of the disk's files tells.
   */
  static Path disk(Path folder) throws IOException {
    long device = (Long) Files.getAttribute(folder, "unix:dev");
    long major = device >> 8 & 0xfff;
    long minor = (device & DEVICE_MINOR_LOW) | (device >> 12 & ~DEVICE_MINOR_LOW);
    return Path.of("/sys/dev/block/" + major + ":" + minor);
  }

  private void restore() {
    try {
      Files.writeString(setting, before);
    } catch (IOException e) {
      throw new UncheckedIOException("the readahead was " + before + " KiB", e);
    }
  }

  @Override
  public void close() {
    restore();
    Runtime.getRuntime().removeShutdownHook(rescue);
  }
}
