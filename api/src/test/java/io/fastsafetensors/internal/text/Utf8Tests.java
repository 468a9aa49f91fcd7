// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Order, validity and places of text agree with its UTF-8 bytes. */
class Utf8Tests {
  private static final String MIXED = "a\u00e9\u20ac\ud83d\ude00z";

  @Test
  void ordersByBytesAndNotByUtf16() {
    assertThat("\ud83d\ude00").isLessThan("\uff5e");
    assertThat(Utf8.ORDER.compare("\ud83d\ude00", "\uff5e")).isPositive();
    assertThat(List.of("b", "\ud83d\ude00", "", "\uff5e", "ab", "a").stream().sorted(Utf8.ORDER))
        .containsExactly("", "a", "ab", "b", "\uff5e", "\ud83d\ude00");
  }

  @Test
  void ordersRandomTextAsItsBytes() {
    Random random = new Random(3);
    int[] codePoints = {
      'a', 'b', 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xffff, 0x10000, 0x10ffff
    };
    for (int i = 0; i < 20_000; i++) {
      String a = text(random, codePoints);
      String b = text(random, codePoints);
      int byBytes =
          Arrays.compareUnsigned(
              a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));
      assertThat(Integer.signum(Utf8.ORDER.compare(a, b))).isEqualTo(Integer.signum(byBytes));
    }
  }

  @Test
  void findsTheFirstInvalidByteAlsoFarFromTheStart() {
    byte[] bytes = "\u20ac".repeat(100_000).getBytes(StandardCharsets.UTF_8);
    assertThat(Utf8.firstInvalid(bytes)).isEmpty();

    bytes[200_000] = 'x';
    assertThat(Utf8.firstInvalid(bytes)).hasValue(199_998);
    assertThat(Utf8.firstInvalid(Arrays.copyOf(bytes, 100))).hasValue(99);
  }

  @Test
  void convertsPlacesOfCharactersToPlacesOfBytes() {
    byte[] bytes = MIXED.getBytes(StandardCharsets.UTF_8);
    int[] wanted = {0, 1, 3, 6, 10, 10, 11, 11};
    for (int i = 0; i < wanted.length; i++) {
      assertThat(Utf8.byteIndex(bytes, i)).as("character %d", i).isEqualTo(wanted[i]);
    }
  }

  @Test
  void knowsHalfPairs() {
    assertThat(Utf8.isWellFormed("")).isTrue();
    assertThat(Utf8.isWellFormed(MIXED)).isTrue();
    assertThat(
            List.of("\ud83d", "\ude00", "a\ud83d", "\ude00\ud83d", "\ud83da", "\ud83d\ud83d\ude00"))
        .noneMatch(Utf8::isWellFormed);
  }

  @Test
  void makesNamesFitForOneLine() {
    assertThat(Printable.quote("model.w\u00e9ight \ud83d\ude00"))
        .isEqualTo("'model.w\u00e9ight \ud83d\ude00'");
    assertThat(Printable.quote("a\n\u001b\u2028\u202e\ud800"))
        .isEqualTo("'a\\u{a}\\u{1b}\\u{2028}\\u{202e}\\u{d800}'");
    assertThat(Printable.quote("x".repeat(1000)))
        .isEqualTo("'" + "x".repeat(200) + "... (1000 characters)'");
  }

  private static String text(Random random, int[] codePoints) {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(4); i > 0; i--) {
      text.appendCodePoint(codePoints[random.nextInt(codePoints.length)]);
    }
    return text.toString();
  }
}
