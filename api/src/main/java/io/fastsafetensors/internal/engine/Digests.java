// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/** Short forms of long data, for ranks to compare. */
final class Digests {
  private Digests() {}

  /** Returns the SHA-256 digest of some pieces of data, in hexadecimal digits. */
  static String sha256(List<byte[]> pieces) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      pieces.forEach(digest::update);
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }
}
