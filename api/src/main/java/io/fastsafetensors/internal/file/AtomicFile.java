// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/** Replaces a small file as a whole or not at all. */
public final class AtomicFile {
  private AtomicFile() {}

  /**
   * Writes a file beside the target, brings it to the disk and renames it over the target. After a
   * failure the target is as it was, and nothing stands beside it.
   *
   * @param target the file to make or replace
   * @param temporary where it is until it is whole, as {@link TemporaryFiles#in} names it
   * @param rights who may do what with it
   * @param content its bytes
   * @throws IOException if writing, syncing or renaming fails
   */
  public static void write(Path target, Path temporary, FileRights rights, byte[] content)
      throws IOException {
    Path folder = Folders.of(target);
    try (StagedFile file = StagedFile.make(temporary, rights, StagedFile.Preparer.NONE)) {
      FileChannel channel = file.channel();
      ByteBuffer bytes = ByteBuffer.wrap(content);
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      file.flush();
      file.moveTo(target.toAbsolutePath());
    }
    Folders.flush(folder);
  }
}
