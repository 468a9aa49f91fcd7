// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.format;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.util.JsonRecyclerPools;
import io.fastsafetensors.internal.text.Printable;
import io.fastsafetensors.internal.text.Utf8;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Walks the JSON of a header with the exact strictness of the reference's parser (format rule 4.3).
 *
 * <p>The JSON library gets characters, not bytes: so it neither guesses an encoding nor skips a
 * byte-order mark, and keeps no table of names, whose collisions a file could provoke.
 */
final class JsonCursor implements AutoCloseable {
  /** The reference stops at its 128th level, also in fields that it ignores. */
  private static final int MAX_NESTING = 127;

  private static final int MAX_DIGITS = 20;

  /** So many digits are a {@code long} for sure, which the library reads without allocating. */
  private static final int LONG_DIGITS = 18;

  /** What the library's messages say of itself: its own idea of the place, its settings. */
  private static final Pattern LIBRARY_HINT =
      Pattern.compile(
          " \\((start marker|for Array|for Object|consider|not recognized).*|: enable `.*|\n.*",
          Pattern.DOTALL);

  private static final JsonFactory FACTORY =
      new JsonFactoryBuilder()
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .recyclerPool(JsonRecyclerPools.nonRecyclingPool())
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_NESTING)
                  .maxNameLength(Integer.MAX_VALUE)
                  .maxStringLength(Integer.MAX_VALUE)
                  .maxNumberLength(Integer.MAX_VALUE)
                  .build())
          .build();

  private final HeaderFaults faults;
  private final JsonParser parser;
  private @Nullable String tensor;

  /**
   * Starts before the first token.
   *
   * @param faults the header; valid UTF-8
   */
  JsonCursor(HeaderFaults faults) throws IOException {
    this.faults = faults;
    this.parser =
        FACTORY.createParser(
            new InputStreamReader(new ByteArrayInputStream(faults.json()), StandardCharsets.UTF_8));
  }

  /** Names the tensor that faults from here on are about, or null. */
  void about(@Nullable String name) {
    tensor = name;
  }

  /** Moves to the next token, or to null after the last. */
  @Nullable JsonToken next() throws IOException {
    try {
      return parser.nextToken();
    } catch (JacksonException e) {
      throw notJson(e);
    }
  }

  /** Moves to the next field of the object; false at the object's end. */
  boolean nextField() throws IOException {
    return next() == JsonToken.FIELD_NAME;
  }

  /** Moves to the next token, which must be of the wanted kind. */
  void require(JsonToken wanted, String subject) throws IOException {
    next();
    expect(wanted, subject);
  }

  /** Checks that the current token is of the wanted kind. */
  void expect(JsonToken wanted, String subject) throws IOException {
    if (parser.currentToken() != wanted) {
      throw fault(subject + ", not " + describe(parser.currentToken()));
    }
  }

  /** Returns the place of the current token, in UTF-16 code units from the header's start. */
  long position() {
    return parser.currentTokenLocation().getCharOffset();
  }

  /** Returns the current name or string. */
  String text() throws IOException {
    String text = rawText();
    if (!Utf8.isWellFormed(text)) {
      throw fault("a string has half of a surrogate pair: " + Printable.quote(text));
    }
    return text;
  }

  /** Moves to the next token, which must be a string, and returns it. */
  String nextText(String subject) throws IOException {
    require(JsonToken.VALUE_STRING, subject);
    return text();
  }

  /** Returns the current token as an integer of 0 to 2^64 - 1, written with digits only. */
  long unsignedLong(String subject) throws IOException {
    expect(JsonToken.VALUE_NUMBER_INT, subject);
    int length = parser.getTextLength();
    char[] characters = parser.getTextCharacters();
    int first = parser.getTextOffset();
    if (length <= LONG_DIGITS && characters[first] != '-') {
      return parser.getLongValue();
    }
    if (length <= MAX_DIGITS) {
      try {
        return Long.parseUnsignedLong(CharBuffer.wrap(characters, first, length), 0, length, 10);
      } catch (NumberFormatException e) {
        // a sign, or 20 digits and yet too large: the fault below
      }
    }
    throw fault(subject + ", not " + Printable.quote(rawText()));
  }

  /** Moves over the next value, checking all that the reference checks in a field it ignores. */
  void skipValue() throws IOException {
    int depth = 0;
    do {
      JsonToken token = next();
      if (token == null) {
        throw new AssertionError("the parser ended within a value");
      }
      depth += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
      if (token == JsonToken.FIELD_NAME || token == JsonToken.VALUE_STRING) {
        text();
      } else if (token.isNumeric() && FloatRange.overflows(rawText())) {
        throw fault("the number " + Printable.quote(rawText()) + " overflows a double");
      }
    } while (depth > 0);
  }

  /** Makes an exception about the current token. */
  HeaderFormatException fault(String detail) {
    return fault(position(), detail);
  }

  private HeaderFormatException fault(long position, String detail) {
    return faults.atChar(
        FormatRule.INVALID_HEADER_DESERIALIZATION, tensor, Math.max(0, position), detail);
  }

  private String rawText() throws IOException {
    try {
      return parser.getText();
    } catch (JacksonException e) {
      throw notJson(e);
    }
  }

  private HeaderFormatException notJson(JacksonException e) {
    String reason = LIBRARY_HINT.matcher(e.getOriginalMessage()).replaceFirst("");
    return fault(
        parser.currentLocation().getCharOffset(), "not valid JSON: " + Printable.line(reason));
  }

  private static String describe(@Nullable JsonToken token) {
    return switch (token) {
      case null -> "the end";
      case START_OBJECT -> "an object";
      case START_ARRAY -> "an array";
      case END_OBJECT, END_ARRAY -> "the end of a list";
      case FIELD_NAME -> "a name";
      case VALUE_STRING -> "a string";
      case VALUE_NUMBER_INT -> "an integer";
      case VALUE_NUMBER_FLOAT -> "a number with a fraction or exponent";
      case VALUE_TRUE, VALUE_FALSE -> "a boolean";
      case VALUE_NULL -> "null";
      case NOT_AVAILABLE, VALUE_EMBEDDED_OBJECT -> token.toString();
    };
  }

  @Override
  public void close() throws IOException {
    parser.close();
  }
}
