// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.libc;

import java.io.ByteArrayOutputStream;

/** The bytes behind the percent signs of a URI. */
final class PercentCode {
  private static final int HEX = 16;

  private PercentCode() {}

  /** Decodes the path of a URI, all of which is ASCII. */
  static byte[] decode(String text) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(text.length());
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) == '%') {
        bytes.write(Integer.parseInt(text, i + 1, i + 3, HEX));
        i += 2;
      } else {
        bytes.write(text.charAt(i));
      }
    }
    return bytes.toByteArray();
  }
}
