// SPDX-License-Identifier: Apache-2.0
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.SafetensorsHeader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads an input as a file, or, if it begins as JSON does, as the header of one. */
public final class FuzzHeader {
  private static final Path FILE = FuzzFolder.file("fuzzed.safetensors");
  private static final int DATA_BYTES = 24;

  private FuzzHeader() {}

  /** Called by the fuzzer; throws what nobody may throw. */
  public static void fuzzerTestOneInput(byte[] input) throws IOException {
    Files.write(FILE, input.length > 0 && input[0] == '{' ? file(input) : input);
    try {
      SafetensorsHeader header = SafetensorsHeader.read(FILE);
      long end = header.dataOffset();
      for (var tensor : header.tensors()) {
        end += tensor.end() - tensor.begin();
      }
      if (end != Files.size(FILE)) {
        throw new AssertionError("tensors end at " + end + " of " + Files.size(FILE));
      }
    } catch (LoadException e) {
      FuzzFolder.checkMessage(e, FILE);
    }
  }

  private static byte[] file(byte[] json) {
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    byte[] length =
        ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(json.length).array();
    file.writeBytes(length);
    file.writeBytes(json);
    file.writeBytes(new byte[DATA_BYTES]);
    return file.toByteArray();
  }
}
