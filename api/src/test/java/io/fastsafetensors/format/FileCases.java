// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.format;

import static io.fastsafetensors.format.HeaderCase.file;
import static io.fastsafetensors.format.HeaderCase.length;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Decisions about the file's length, the header's length and UTF-8 (format rule 4.1, 1 to 4). */
final class FileCases {
  private FileCases() {}

  static List<HeaderCase> all() {
    return List.of(
        of("empty file", FormatRule.HEADER_TOO_SMALL, new byte[0]),
        of("one byte", FormatRule.HEADER_TOO_SMALL, new byte[1]),
        of("seven bytes", FormatRule.HEADER_TOO_SMALL, new byte[7]),
        of("length 0", FormatRule.INVALID_HEADER_DESERIALIZATION, length(0)),
        of("length 100,000,001", FormatRule.HEADER_TOO_LARGE, length(100_000_001)),
        of("length 2^63 - 1", FormatRule.HEADER_TOO_LARGE, length(Long.MAX_VALUE)),
        of("length 2^63", FormatRule.HEADER_TOO_LARGE, length(Long.MIN_VALUE)),
        of("length 2^64 - 1", FormatRule.HEADER_TOO_LARGE, length(-1)),
        of("length 2^32 + 2", FormatRule.HEADER_TOO_LARGE, join(length((1L << 32) + 2), "{}")),
        of("length 100,000,000, absent", FormatRule.INVALID_HEADER_LENGTH, length(100_000_000)),
        of("length one too large", FormatRule.INVALID_HEADER_LENGTH, join(length(3), "{}")),
        of("length exact", null, join(length(2), "{}")),
        of(
            "length one too small",
            FormatRule.INVALID_HEADER_DESERIALIZATION,
            join(length(1), "{}")),
        of("byte FF", FormatRule.INVALID_HEADER, utf8("ff")),
        of("lone continuation byte", FormatRule.INVALID_HEADER, utf8("80")),
        of("overlong slash", FormatRule.INVALID_HEADER, utf8("c0af")),
        of("overlong NUL", FormatRule.INVALID_HEADER, utf8("c080")),
        of("surrogate in UTF-8", FormatRule.INVALID_HEADER, utf8("eda080")),
        of("surrogate pair in UTF-8", FormatRule.INVALID_HEADER, utf8("eda0bdedb880")),
        of("above U+10FFFF", FormatRule.INVALID_HEADER, utf8("f4908080")),
        of("cut sequence", FormatRule.INVALID_HEADER, utf8("e282")),
        of("five-byte sequence", FormatRule.INVALID_HEADER, utf8("f888808080")),
        of("U+10FFFF", null, utf8("f48fbfbf")),
        of("noncharacter U+FFFE", null, utf8("efbfbe")),
        of("U+FEFF in a string", null, utf8("efbbbf")),
        of("not UTF-8 in the padding", FormatRule.INVALID_HEADER, header("7b7d20ff")),
        of("not UTF-8 before bad JSON", FormatRule.INVALID_HEADER, header("5d5d20ff")),
        of("not UTF-8 after bad JSON", FormatRule.INVALID_HEADER, header("7bff")),
        of("cut sequence at the end", FormatRule.INVALID_HEADER, header("7b7de282")),
        of("UTF-16 with mark", FormatRule.INVALID_HEADER, file(utf16("\ufeff{}"), 0)),
        of("UTF-16 big-endian", FormatRule.INVALID_HEADER_DESERIALIZATION, file(utf16("{}"), 0)),
        of("UTF-16 little-endian", FormatRule.INVALID_HEADER_DESERIALIZATION, header("7b007d00")),
        of(
            "UTF-32 little-endian",
            FormatRule.INVALID_HEADER_DESERIALIZATION,
            header("7b0000007d000000")),
        of("byte-order mark", FormatRule.INVALID_HEADER_DESERIALIZATION, header("efbbbf7b7d")));
  }

  private static HeaderCase of(String name, @Nullable FormatRule rule, byte[] file) {
    return new HeaderCase(name, rule, file);
  }

  private static byte[] header(String hex) {
    return file(HexFormat.of().parseHex(hex), 0);
  }

  /** Puts bytes in a name, between proper JSON. */
  private static byte[] utf8(String hex) {
    byte[] before = "{\"".getBytes(StandardCharsets.US_ASCII);
    String after = "\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}";
    return file(join(join(before, HexFormat.of().parseHex(hex)), after), 0);
  }

  private static byte[] utf16(String text) {
    return text.getBytes(StandardCharsets.UTF_16BE);
  }

  private static byte[] join(byte[] first, String second) {
    return join(first, second.getBytes(StandardCharsets.UTF_8));
  }

  private static byte[] join(byte[] first, byte[] second) {
    ByteArrayOutputStream joined = new ByteArrayOutputStream();
    joined.writeBytes(first);
    joined.writeBytes(second);
    return joined.toByteArray();
  }
}
