// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.text;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.OptionalInt;

/** What the format says of text as UTF-8: validity and order. */
public final class Utf8 {
  /** Orders well-formed strings as their UTF-8 bytes: U+FF5E before U+1F600, unlike UTF-16. */
  public static final Comparator<String> ORDER = Utf8::compare;

  private static final int CHUNK_CHARS = 1024;

  private Utf8() {}

  /** Finds the first byte that doesn't belong to valid UTF-8, with constant memory. */
  public static OptionalInt firstInvalid(byte[] bytes) {
    CharsetDecoder decoder =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer ignored = CharBuffer.allocate(CHUNK_CHARS);
    CoderResult result;
    do {
      ignored.clear();
      result = decoder.decode(in, ignored, true);
    } while (result.isOverflow());
    return result.isError() ? OptionalInt.of(in.position()) : OptionalInt.empty();
  }

  /**
   * Converts an index of a UTF-16 code unit to one of a byte; takes time linear in the index.
   *
   * @param utf8 valid UTF-8
   */
  public static int byteIndex(byte[] utf8, long charIndex) {
    int index = 0;
    for (long chars = 0; chars < charIndex && index < utf8.length; ) {
      int length = sequenceLength(utf8[index]);
      chars += length == 4 ? 2 : 1;
      index += length;
    }
    return Math.min(index, utf8.length);
  }

  private static int sequenceLength(byte lead) {
    // The lead byte of a sequence of n > 1 bytes starts with n one bits.
    return lead >= 0 ? 1 : Integer.numberOfLeadingZeros(~lead << 24);
  }

  /**
   * Tells whether a string has a UTF-8 form.
   *
   * @return false if it holds a surrogate without its other half
   */
  public static boolean isWellFormed(String text) {
    int codePoint;
    for (int i = 0; i < text.length(); i += Character.charCount(codePoint)) {
      codePoint = text.codePointAt(i);
      if (codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE) {
        return false;
      }
    }
    return true;
  }

  private static int compare(String a, String b) {
    int common = Math.min(a.length(), b.length());
    for (int i = 0; i < common; i++) {
      char x = a.charAt(i);
      char y = b.charAt(i);
      if (x != y) {
        int bySurrogate = Boolean.compare(Character.isSurrogate(x), Character.isSurrogate(y));
        return bySurrogate != 0 ? bySurrogate : Character.compare(x, y);
      }
    }
    return Integer.compare(a.length(), b.length());
  }
}
