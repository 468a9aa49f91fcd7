// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.file;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/** Looks at files before they are opened: to open a named pipe is to wait for its other end. */
public final class RegularFile {
  private RegularFile() {}

  /**
   * Refuses what isn't a file.
   *
   * @param path the file, or a link to it
   * @return its size, in bytes
   * @throws IOException if it is something else, or can't be looked at
   */
  public static long size(Path path) throws IOException {
    BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
    if (!attributes.isRegularFile()) {
      throw new FileSystemException(
          path.toString(),
          null,
          attributes.isDirectory() ? "it is a folder" : "it is not a regular file");
    }
    return attributes.size();
  }
}
