// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.io;

import io.fastsafetensors.UnsupportedTransferException;
import java.nio.file.FileSystems;
import java.nio.file.Path;

/**
 * For readers that call the operating system, which knows the default file system only.
 *
 * @since 0.1
 */
public final class LocalFiles {
  private LocalFiles() {}

  /**
   * Leaves a file of another file system to the next backend (rule IO-109).
   *
   * @param backend the id of the backend that asks
   * @param file the file
   * @throws UnsupportedTransferException if the operating system has no name for it
   */
  public static void check(String backend, Path file) throws UnsupportedTransferException {
    if (!file.getFileSystem().equals(FileSystems.getDefault())) {
      throw new UnsupportedTransferException(
          backend, file, "is in a file system that the operating system doesn't know", null);
    }
  }
}
