// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Loads from a file system that really hangs, in the kernel; {@code scripts/try-hangs} tries all
 * combinations. Needs what is rarely there: root, FUSE, and the Python package fusepy.
 */
@Tag("root")
@Timeout(120)
@Tag("slow")
class HungFileTests {
  private static final Path SERVER = Path.of("..", "scripts", "try-hangs").toAbsolutePath();

  @TempDir private Path folder;

  @BeforeEach
  void assumeFuse() throws Exception {
    Assumptions.assumeTrue(Files.isWritable(Path.of("/dev/fuse")), "no /dev/fuse that we may use");
    boolean root = run("id", "-u").readLine().equals("0");
    Assumptions.assumeTrue(root, "mounting needs root");
    Assumptions.assumeTrue(
        hasModule("fuse") || hasModule("fusepy"), "no Python package fusepy with libfuse.so.2");
  }

  private static BufferedReader run(String... command) throws IOException {
    return new ProcessBuilder(command).start().inputReader();
  }

  private List<Path> write(int shards) throws IOException {
    Path source = Files.createDirectories(folder.resolve("source"));
    List<Path> names = new ArrayList<>();
    try (Arena arena = Arena.ofConfined()) {
      for (int i = 0; i < shards; i++) {
        Path file = source.resolve("m" + i + ".safetensors");
        new SafetensorsWriter()
            .add("t" + i, DType.U8, Shape.of(3 << 20), arena.allocate(3 << 20))
            .write(file);
        names.add(folder.resolve("mount").resolve(file.getFileName()));
      }
    }
    return names;
  }

  /** PyPI's package and Debian's name it otherwise. */
  private static boolean hasModule(String name) throws Exception {
    return new ProcessBuilder("python3", "-c", "import " + name).start().waitFor() == 0;
  }

  @ParameterizedTest
  @CsvSource({
    "posix, AUTO, 9, data",
    "posix, MAPPED, 9, data",
    "posix, COPIED, 1, data",
    "cpu, COPIED, 9, data",
    "posix, AUTO, 9, header",
    "cpu, MAPPED, 1, open"
  })
  void callerGetsItsExceptionAndTheNextLoadWorks(
      String backend, AccessPath path, int shards, String what) throws Exception {
    List<Path> files = write(shards);
    Path mount = Files.createDirectories(folder.resolve("mount"));
    Process server =
        new ProcessBuilder(
                "python3",
                SERVER.toString(),
                "--serve",
                folder.resolve("source").toString(),
                mount.toString(),
                what)
            .start();
    LoadOptions.Builder options = LoadOptions.builder().backend(backend).path(path);
    try (Loader loader = Loader.builder().build()) {
      awaitMount(mount, server);
      loader.addFiles(0, files);
      LoadOptions soon = options.timeout(Duration.ofSeconds(2)).build();
      LoadCancelledException e =
          catchThrowableOfType(LoadCancelledException.class, () -> loader.load(soon).close());
      assertThat(e.timedOut()).isTrue();
      assertThat(server.isAlive()).as("the file system still hangs").isTrue();
      assertThat(e.keptBytes()).isEqualTo(loader.explain().keptBytes());

      loader.reset();
      files.forEach(file ->
          loader.addFiles(0, List.of(folder.resolve("source").resolve(file.getFileName()))));
      try (FileBuffer loaded = loader.load(options.timeout(Duration.ofMinutes(1)).build())) {
        assertThat(loaded.keys()).hasSize(shards);
      }
      server.destroyForcibly();
      while (loader.explain().keptBytes() > 0) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10)); // JUnit ends it
      }
    } finally {
      server.destroyForcibly();
      new ProcessBuilder("umount", "-l", mount.toString()).start().waitFor();
    }
  }

  private static void awaitMount(Path mount, Process server) throws IOException {
    while (Files.readAllLines(Path.of("/proc/mounts")).stream()
        .noneMatch(line -> line.contains(mount.toString()))) {
      assertThat(server.isAlive()).as("the file system was mounted").isTrue();
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
  }
}
