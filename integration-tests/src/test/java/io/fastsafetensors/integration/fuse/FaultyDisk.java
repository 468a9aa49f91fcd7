// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fastsafetensors.spi.Deadline;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** A folder that can be written to, mirrored by {@code faulty-disk}: one kind of call fails. */
public final class FaultyDisk implements AutoCloseable {
  private static final Path SCRIPT = Path.of("src", "test", "sh", "faulty-disk").toAbsolutePath();
  private static final Duration LIMIT = Duration.ofSeconds(30);

  private final Path mount;
  private final Process server;

  private FaultyDisk(Path mount, Process server) {
    this.mount = mount;
    this.server = server;
  }

  /**
   * Mirrors a folder; skips the test, saying why, where that is not possible.
   *
   * @param source the folder
   * @param mount where to show it
   * @param fault what fails, as the script has it: {@code write .tmp EIO 1000}
   */
  public static FaultyDisk mount(Path source, Path mount, String fault) throws Exception {
    assumeTrue(Files.isWritable(Path.of("/dev/fuse")), "no /dev/fuse that we may use");
    assumeTrue(
        hasModule("fuse") || hasModule("fusepy"), "no Python package fusepy with libfuse.so.2");
    Files.createDirectories(mount);
    ProcessBuilder builder =
        new ProcessBuilder("python3", SCRIPT.toString(), source.toString(), mount.toString());
    builder.command().addAll(List.of(fault.split(" ", -1)));
    FaultyDisk disk =
        new FaultyDisk(
            mount,
            builder
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .redirectOutput(ProcessBuilder.Redirect.INHERIT)
                .start());
    try {
      disk.awaitMounted();
      return disk;
    } catch (Throwable e) {
      disk.server.destroyForcibly();
      throw e;
    }
  }

  /** PyPI's package and Debian's name it otherwise. */
  private static boolean hasModule(String name) throws Exception {
    return new ProcessBuilder("python3", "-c", "import " + name)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start()
            .waitFor()
        == 0;
  }

  private void awaitMounted() throws IOException {
    Deadline deadline = Deadline.after(LIMIT);
    while (!isMounted()) {
      assertThat(server.isAlive() && !deadline.hasPassed()).as("it is mounted").isTrue();
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
    }
  }

  private boolean isMounted() throws IOException {
    return Files.readAllLines(Path.of("/proc/mounts")).stream()
        .anyMatch(line -> line.contains(mount + " "));
  }

  /** Unmounts it, which fails if something in it is open. */
  @Override
  public void close() throws IOException {
    try {
      Process umount =
          new ProcessBuilder("umount", mount.toString()).redirectErrorStream(true).start();
      String said = String.join("\n", umount.inputReader().lines().toList());
      assertThat(umount.waitFor()).as(said).isZero();
      assertThat(server.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)).as("it ends").isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      if (server.isAlive()) {
        new ProcessBuilder("umount", "-l", mount.toString()).start();
        server.destroyForcibly();
      }
    }
  }
}
