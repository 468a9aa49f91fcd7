// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.format;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/** Replaces a file as a whole or not at all. */
public final class AtomicFile {
  private AtomicFile() {}

  /** Writes what the file shall hold. */
  @FunctionalInterface
  public interface Content {
    /**
     * Writes the content.
     *
     * @param channel an empty file, at its start; closed by the caller
     * @throws IOException if writing fails; the file is then discarded
     */
    void writeTo(FileChannel channel) throws IOException;
  }

  /**
   * Writes a file beside the target, brings it to the disk and renames it over the target. After a
   * failure the target is as it was, and nothing stands beside it.
   *
   * @param target the file to make or replace
   * @param content writes its bytes
   * @throws IOException if writing, syncing or renaming fails
   */
  public static void write(Path target, Content content) throws IOException {
    Path absolute = target.toAbsolutePath();
    Path folder = absolute.getParent();
    if (folder == null || Files.isDirectory(absolute)) {
      throw new IOException("a folder has this name");
    }
    if (!Files.isDirectory(folder)) {
      throw new IOException("there is no folder " + folder);
    }
    // The target's own name could be too long for a suffix.
    Path temporary = folder.resolve(".fastsafetensors-" + UUID.randomUUID() + ".tmp");
    try {
      try (FileChannel channel =
          FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        content.writeTo(channel);
        channel.force(true);
      }
      Files.move(temporary, absolute, StandardCopyOption.ATOMIC_MOVE);
    } catch (Throwable failure) {
      discard(temporary, failure);
      throw failure;
    }
    syncFolder(folder);
  }

  private static void discard(Path temporary, Throwable failure) {
    try {
      Files.deleteIfExists(temporary);
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
  }

  /** Makes the renaming last, where the platform can open a folder. */
  private static void syncFolder(Path folder) {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException e) {
      System.getLogger(AtomicFile.class.getName())
          .log(System.Logger.Level.DEBUG, "can't sync the folder " + folder, e);
    }
  }
}
