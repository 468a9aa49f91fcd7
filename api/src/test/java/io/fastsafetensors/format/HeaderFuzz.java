// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.format;

import java.nio.file.Path;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.Set;

/** Parses damaged headers; a program of its own, so that its heap can be small. */
final class HeaderFuzz {
  private static final Path LABEL = Path.of("fuzzed.safetensors");

  private final Set<FormatRule> broken = EnumSet.noneOf(FormatRule.class);
  private int accepted;

  private HeaderFuzz() {}

  /**
   * Fails with a stack trace if parsing ends in another way than it may.
   *
   * @param args the number of headers, the seed
   */
  public static void main(String[] args) {
    new HeaderFuzz().run(Integer.parseInt(args[0]), Long.parseLong(args[1]));
  }

  private void run(int headers, long seed) {
    HeaderMutator mutator = new HeaderMutator(seed);
    for (int i = 0; i < headers; i++) {
      byte[] json = mutator.next();
      RawHeader raw = new RawHeader(json, Long.BYTES + json.length + mutator.dataBytes());
      try {
        parse(raw);
      } catch (RuntimeException | Error e) {
        throw new AssertionError("header " + i + ": " + HexFormat.of().formatHex(json), e);
      }
    }
    check(accepted > headers / 10 && accepted < headers / 2, accepted + " headers were accepted");
    check(
        broken.equals(
            EnumSet.range(FormatRule.INVALID_HEADER, FormatRule.METADATA_INCOMPLETE_BUFFER)),
        "rules broken: " + broken);
  }

  private void parse(RawHeader raw) {
    try {
      checkAccepted(HeaderReader.parse(LABEL, raw));
      accepted++;
    } catch (HeaderFormatException e) {
      broken.add(e.rule());
      check(
          e.byteOffset() >= Long.BYTES && e.byteOffset() <= raw.fileSize(),
          "offset " + e.byteOffset() + " in a file of " + raw.fileSize());
    }
  }

  private static void checkAccepted(SafetensorsHeader header) {
    long end = 0;
    for (TensorInfo tensor : header.tensors()) {
      long bytes = tensor.dtype().byteSize(tensor.shape().elements());
      check(tensor.begin() == end && tensor.end() == end + bytes && bytes >= 0, tensor.toString());
      end = tensor.end();
    }
    check(header.dataOffset() + end == header.fileSize(), "the tensors end at " + end);
  }

  private static void check(boolean holds, String message) {
    if (!holds) {
      throw new AssertionError(message);
    }
  }
}
