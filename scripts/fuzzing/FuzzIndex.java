// SPDX-License-Identifier: Apache-2.0
import io.fastsafetensors.Checkpoint;
import io.fastsafetensors.format.LoadException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads an input as an index, whose files aren't there. */
public final class FuzzIndex {
  private static final Path FILE = FuzzFolder.file("model.safetensors.index.json");

  private FuzzIndex() {}

  /** Called by the fuzzer; throws what nobody may throw. */
  public static void fuzzerTestOneInput(byte[] input) throws IOException {
    Files.write(FILE, input);
    try {
      for (Path file : Checkpoint.find(FILE).files()) {
        if (!file.startsWith(FILE.getParent())) {
          throw new AssertionError(file + " is outside of the index's folder");
        }
      }
    } catch (LoadException e) {
      FuzzFolder.checkMessage(e, FILE.getParent());
    }
  }
}
