// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.file;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

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
   * failure the target is as it was, and nothing stands beside it; also if the process is told to
   * end. If it is killed the file beside the target stays, and the next write in the folder logs a
   * warning that names it. A file that is replaced leaves its mode to the new one, and its owner
   * and group if this process may give them.
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
    TemporaryFiles.tellAbandoned(folder);
    FileRights rights = FileRights.of(absolute);
    Path temporary = TemporaryFiles.in(folder);
    try {
      try (FileChannel channel = TemporaryFiles.make(temporary, rights.toBeginWith())) {
        content.writeTo(channel);
        rights.applyTo(temporary);
        channel.force(true);
      }
      Files.move(temporary, absolute, StandardCopyOption.ATOMIC_MOVE);
    } catch (Throwable failure) {
      discard(temporary, failure);
      throw failure;
    } finally {
      TemporaryFiles.forget(temporary);
    }
    syncFolder(folder);
  }

  /** Returns whether a name is that of a file that is being written, or was. */
  public static boolean isTemporary(String name) {
    return TemporaryFiles.isTemporary(name);
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
