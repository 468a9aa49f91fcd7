// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.format;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * Makes valid headers and damages them, the same for the same seed. Headers are handled as Latin-1
 * text, one character a byte.
 */
final class HeaderMutator {
  private static final Pattern NUMBER = Pattern.compile("-?[0-9][0-9.eE+]*");
  private static final Pattern STRING = Pattern.compile("\"[^\"]*\"");
  private static final Pattern VALUE =
      Pattern.compile("\"[^\"]*\"|\\[[^\\[\\]]*]|\\{[^{}]*}|[0-9]+");
  private static final Pattern FIELD =
      Pattern.compile("\"[^\"]*\":(\"[^\"]*\"|\\[[^\\[\\]]*]|\\{[^{}]*})");

  private static final List<DType> DTYPES = List.of(DType.values());
  private static final List<String> NUMBERS =
      List.of(
          "0",
          "1",
          "4",
          "8",
          "-0",
          "-1",
          "04",
          "4.0",
          "4e0",
          "1e400",
          "-1e309",
          "0e999999999999",
          "1.7976931348623158e308",
          "179769313486231580793e289",
          "1e-400",
          "9".repeat(310),
          "9223372036854775807",
          "9223372036854775808",
          "18446744073709551615",
          "18446744073709551616",
          "2305843009213693952",
          "4294967296",
          "NaN",
          "1.",
          ".5",
          "+1",
          "0x4",
          "");
  private static final List<String> STRINGS =
      List.of(
          "\"a\"",
          "\"\"",
          "\"dtype\"",
          "\"shape\"",
          "\"data_offsets\"",
          "\"__metadata__\"",
          "\"\\u005f_metadata__\"",
          "\"U8\"",
          "\"F4\"",
          "\"F6_E2M3\"",
          "\"u8\"",
          "\"\\ud800\"",
          "\"\\ud83d\\ude00\"",
          "\"\\udc00\\ud800\"",
          "\"\\u12g4\"",
          "\"\\x\"",
          "\"\n\"",
          "\"\\\"",
          "\"\0\"",
          "null",
          "a",
          "\"\\/\\b\\f\\n\\r\\t\\\\\\\"\"",
          latin1("\"\ud83d\ude00\uff5e\""));
  private static final List<String> FRAGMENTS =
      List.of(
          "{",
          "}",
          "[",
          "]",
          ",",
          ":",
          "\"",
          "\\",
          " ",
          "\t",
          "\r",
          "\n",
          "\f",
          "\0",
          "\u00ff",
          "\u00c0\u00af",
          "\u00ed\u00a0\u0080",
          "\u00e2\u0082",
          latin1("\ufeff"),
          latin1("\u00a0"),
          "//",
          "/**/",
          "#",
          "true",
          "false",
          "null",
          "{}",
          "[]",
          "[[[[",
          "}}",
          "\\u",
          "\\ud800",
          "\"x\":1,",
          ",\"x\":{\"y\":[1e400]}",
          "[".repeat(126),
          "\u001e",
          "\u007f");

  private final Random random;
  private long lastDataBytes;

  HeaderMutator(long seed) {
    random = new Random(seed);
  }

  /** Damages a valid header in one to three places; now and then in none. */
  byte[] next() {
    String header = valid();
    for (int i = random.nextInt(4); i > 0; i--) {
      header = mutate(header);
    }
    return header.getBytes(StandardCharsets.ISO_8859_1);
  }

  /** The bytes of tensors that the last header had before it was damaged, now and then not. */
  long dataBytes() {
    return random.nextInt(20) == 0 ? random.nextInt(100) : lastDataBytes;
  }

  private String valid() {
    List<String> fields = new ArrayList<>();
    long end = 0;
    for (int i = random.nextInt(4); i > 0; i--) {
      DType dtype = pick(DTYPES);
      long elements = 4L * random.nextInt(3);
      long bytes = dtype.byteSize(elements);
      fields.add(
          "\"t%d\":{\"dtype\":\"%s\",\"shape\":[%d,4],\"data_offsets\":[%d,%d]}"
              .formatted(i, dtype, elements / 4, end, end + bytes));
      end += bytes;
    }
    if (random.nextInt(3) == 0) {
      fields.add("\"__metadata__\":{\"format\":\"pt\",\"k\":\"v\"}");
    }
    lastDataBytes = end;
    return padding() + "{" + String.join(",", fields) + "}" + " ".repeat(random.nextInt(4));
  }

  /** Moves some headers over the end of the parser's buffer, of 4,000 characters. */
  private String padding() {
    return random.nextInt(8) == 0 ? " ".repeat(3_750 + random.nextInt(300)) : "";
  }

  private String mutate(String header) {
    return switch (random.nextInt(12)) {
      case 0 -> flipBit(header);
      case 1 -> insert(header, pick(FRAGMENTS));
      case 2 -> insert(header, Character.toString(random.nextInt(256)));
      case 3 -> delete(header);
      case 4 -> header.substring(0, random.nextInt(header.length() + 1));
      case 5 -> duplicate(header);
      case 6, 7 -> replace(header, NUMBER, pick(NUMBERS));
      case 8, 9 -> replace(header, STRING, pick(STRINGS));
      case 10 -> replace(header, VALUE, pick(FRAGMENTS));
      default -> duplicateField(header);
    };
  }

  private String flipBit(String header) {
    if (header.isEmpty()) {
      return header;
    }
    StringBuilder flipped = new StringBuilder(header);
    int at = random.nextInt(header.length());
    flipped.setCharAt(at, (char) (header.charAt(at) ^ (1 << random.nextInt(Byte.SIZE))));
    return flipped.toString();
  }

  private String insert(String header, String fragment) {
    return new StringBuilder(header)
        .insert(random.nextInt(header.length() + 1), fragment)
        .toString();
  }

  private String delete(String header) {
    int start = random.nextInt(header.length() + 1);
    int end = Math.min(header.length(), start + 1 + random.nextInt(8));
    return header.substring(0, start) + header.substring(end);
  }

  private String duplicate(String header) {
    int start = random.nextInt(header.length() + 1);
    int end = Math.min(header.length(), start + 1 + random.nextInt(60));
    return insert(header, header.substring(start, end));
  }

  private String duplicateField(String header) {
    List<MatchResult> fields = FIELD.matcher(header).results().toList();
    if (fields.isEmpty()) {
      return header;
    }
    MatchResult field = fields.get(random.nextInt(fields.size()));
    String copy = random.nextBoolean() ? field.group() : "\"x\":" + field.group(1);
    return header.substring(0, field.start()) + copy + "," + header.substring(field.start());
  }

  private String replace(String header, Pattern what, String with) {
    List<MatchResult> found = what.matcher(header).results().toList();
    if (found.isEmpty()) {
      return header;
    }
    MatchResult match = found.get(random.nextInt(found.size()));
    return header.substring(0, match.start()) + with + header.substring(match.end());
  }

  private <T> T pick(List<T> choices) {
    return choices.get(random.nextInt(choices.size()));
  }

  private static String latin1(String text) {
    return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
  }
}
