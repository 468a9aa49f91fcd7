// SPDX-License-Identifier: Apache-2.0
import io.fastsafetensors.format.LoadException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where inputs are files: in memory, if there is such a folder. */
final class FuzzFolder {
  private FuzzFolder() {}

  static Path file(String name) {
    try {
      Path memory = Path.of("/dev/shm");
      Path folder =
          Files.isWritable(memory)
              ? Files.createTempDirectory(memory, "fst-fuzz")
              : Files.createTempDirectory("fst-fuzz");
      Path file = folder.resolve(name);
      file.toFile().deleteOnExit();
      folder.toFile().deleteOnExit();
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A message is one line that names the file. */
  static void checkMessage(LoadException e, Path file) {
    String message = e.getMessage();
    if (!message.contains(file.toString()) || message.lines().count() != 1) {
      throw new AssertionError("a message that doesn't do: " + message, e);
    }
  }
}
