// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A folder shown by {@link FuseServer}: the kernel itself reports the disk error. */
public final class FaultyFolder implements AutoCloseable {
  private static final int LIMIT_SECONDS = 30;

  private final Path mount;
  private final Process server;

  private FaultyFolder(Path mount, Process server) {
    this.mount = mount;
    this.server = server;
  }

  /**
   * Shows the folder of a file; skips the test, saying why, where that is not possible.
   *
   * @param bad the file with the disk error
   * @param mount where to show it and its neighbours
   * @param from where in the file the error is
   */
  public static FaultyFolder mount(Path bad, Path mount, long from) throws IOException {
    assumeTrue(Files.isWritable(Path.of("/dev/fuse")), "no /dev/fuse that we may use");
    Files.createDirectories(mount);
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            FuseServer.class.getName(),
            bad.toString(),
            mount.toString(),
            Long.toString(from));
    Process server = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
    FaultyFolder folder = new FaultyFolder(mount, server);
    try {
      String said = String.valueOf(server.inputReader().readLine());
      assumeTrue(!said.startsWith("no FUSE"), said);
      assertThat(said).isEqualTo("mounted");
      return folder;
    } catch (Throwable e) {
      server.destroyForcibly();
      throw e;
    }
  }

  /** Returns a file as it is shown. */
  public Path file(Path name) {
    return mount.resolve(name.getFileName());
  }

  /** Unmounts it. */
  @Override
  public void close() throws IOException {
    server.outputWriter().close();
    try {
      assertThat(server.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)).as("it was unmounted").isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      server.destroyForcibly();
    }
    List<String> mounts = Files.readAllLines(Path.of("/proc/mounts"));
    assertThat(mounts).noneMatch(line -> line.contains(mount.toString()));
  }
}
