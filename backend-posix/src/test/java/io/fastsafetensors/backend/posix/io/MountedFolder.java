// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** A folder on another file system, mounted for a test; skips the test, visibly, if it can't be. */
final class MountedFolder implements AutoCloseable {
  private static final long IMAGE_BYTES = 400L << 20; // the least that xfs takes, and some

  private final Path folder;
  private final boolean mounted;
  private final Path image;

  private MountedFolder(Path folder, boolean mounted, Path image) {
    this.folder = folder;
    this.mounted = mounted;
    this.image = image;
  }

  /**
   * Mounts a file system.
   *
   * @param kind {@code tmpfs}, {@code overlay}, or what {@code mkfs.KIND} makes
   */
  static MountedFolder mount(String kind, Path scratch) throws IOException {
    if (kind.equals("tmpfs")) {
      Path shm = Path.of("/dev/shm");
      Assumptions.assumeTrue(Files.isWritable(shm), "/dev/shm is not there to write to");
      return new MountedFolder(Files.createTempDirectory(shm, "fst"), false, shm);
    }
    Path point = Files.createDirectory(scratch.resolve("mounted"));
    Path image = scratch.resolve("image");
    if (kind.equals("overlay")) {
      String options =
          "lowerdir=%s,upperdir=%s,workdir=%s"
              .formatted(part(scratch, "lower"), part(scratch, "upper"), part(scratch, "work"));
      run("mount", "-t", "overlay", "overlay", "-o", options, point.toString());
    } else {
      resize(image, IMAGE_BYTES);
      run("mkfs." + kind, "-q", image.toString());
      run("mount", "-o", "loop", image.toString(), point.toString());
    }
    return new MountedFolder(point, true, image);
  }

  private static Path part(Path scratch, String name) throws IOException {
    return Files.createDirectory(scratch.resolve(name));
  }

  private static void run(String... command) throws IOException {
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      boolean ended = process.waitFor(1, TimeUnit.MINUTES);
      Assumptions.assumeTrue(
          ended && process.exitValue() == 0, List.of(command) + " failed: it takes root");
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    } catch (IOException e) {
      Assumptions.abort(command[0] + " is not installed: " + e.getMessage());
    }
  }

  private static void resize(Path image, long bytes) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      file.setLength(bytes);
    }
  }

  Path folder() {
    return folder;
  }

  /** Cuts the disk under the file system: what lay behind can't be read any more. */
  void breakDisk(long bytesLeft) throws IOException {
    resize(image, bytesLeft);
  }

  @Override
  public void close() throws IOException {
    if (mounted) {
      if (Files.exists(image)) {
        resize(image, IMAGE_BYTES);
      }
      run("umount", folder.toString());
    } else {
      Files.delete(folder);
    }
  }
}
