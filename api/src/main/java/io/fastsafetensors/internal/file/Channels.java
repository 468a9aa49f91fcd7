// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.file;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Opens files of any provider for reading. */
public final class Channels {
  /** The scheme of the platform's zip file system. */
  private static final String ZIP = "jar";

  private Channels() {}

  /**
   * Opens a file.
   *
   * @param file the file
   * @return a {@link FileChannel} where the provider has one, else what {@link
   *     Files#newByteChannel} gives; of an entry of a zip file one that reads its stream, as the
   *     platform's own channels first copy the entry to the heap or to a file beside the archive
   * @throws IOException if it can't be opened
   */
  public static SeekableByteChannel open(Path file) throws IOException {
    if (file.getFileSystem().provider().getScheme().equals(ZIP)) {
      return StreamChannel.open(file);
    }
    try {
      return FileChannel.open(file, StandardOpenOption.READ);
    } catch (UnsupportedOperationException e) {
      return Files.newByteChannel(file, StandardOpenOption.READ);
    }
  }
}
