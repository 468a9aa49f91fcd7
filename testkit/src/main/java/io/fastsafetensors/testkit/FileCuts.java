// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Files that become shorter than their header said. */
final class FileCuts {
  private FileCuts() {}

  /** Cuts a file off. */
  static void cut(Path path, long left) {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
      channel.truncate(left);
    } catch (IOException e) {
      throw new UncheckedIOException(path + " can't be cut off", e);
    }
  }
}
