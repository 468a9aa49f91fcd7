// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.file;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Folders that files are written to. */
public final class Folders {
  private Folders() {}

  /**
   * Finds the folder of a file to write.
   *
   * @throws IOException if there is none, or a folder has the file's name
   */
  public static Path of(Path target) throws IOException {
    Path absolute = target.toAbsolutePath();
    Path folder = absolute.getParent();
    if (folder == null || Files.isDirectory(absolute)) {
      throw new IOException("a folder has this name");
    }
    if (!Files.isDirectory(folder)) {
      throw new IOException("there is no folder " + folder);
    }
    return folder;
  }

  /** Makes what was renamed and deleted in a folder last, where the platform can open a folder. */
  public static void flush(Path folder) {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException | UnsupportedOperationException e) {
      System.getLogger(Folders.class.getName())
          .log(Level.DEBUG, "can't sync the folder " + folder, e);
    }
  }
}
