// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.file;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;

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
    check(path, attributes);
    return attributes.size();
  }

  /**
   * Refuses what is known not to be a file.
   *
   * @param path the file, or a link to it, which only a server may have
   * @return what the file system tells of it; empty if it doesn't, or knows no such file
   * @throws IOException if it is something else
   */
  public static Optional<BasicFileAttributes> attributes(Path path) throws IOException {
    BasicFileAttributes attributes;
    try {
      attributes = Files.readAttributes(path, BasicFileAttributes.class);
    } catch (IOException | RuntimeException e) {
      return Optional.empty(); // opening it tells why, if it can't be opened
    }
    check(path, attributes);
    return Optional.of(attributes);
  }

  private static void check(Path path, BasicFileAttributes attributes) throws FileSystemException {
    if (attributes.isDirectory() || attributes.isOther()) {
      throw new FileSystemException(
          path.toString(),
          null,
          attributes.isDirectory() ? "it is a folder" : "it is not a regular file");
    }
  }
}
