// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.format;

import io.fastsafetensors.internal.text.Utf8;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Makes the exceptions about one header.
 *
 * @param path the file, as the caller gave it
 * @param json the header without its length
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record HeaderFaults(Path path, byte[] json) {
  /** The bytes that hold the header's length, before the header. */
  static final int LENGTH_BYTES = Long.BYTES;

  /** The name that the format keeps for metadata. */
  static final String METADATA = "__metadata__";

  private static final long MAX_HEADER_BYTES = 100_000_000;

  /** Checks the header's length, an unsigned number, against the format's limit. */
  static void checkNotTooLarge(Path path, long length) throws HeaderFormatException {
    if (Long.compareUnsigned(length, MAX_HEADER_BYTES) > 0) {
      throw new HeaderFormatException(
          FormatRule.HEADER_TOO_LARGE,
          path,
          null,
          0,
          "a header of "
              + Long.toUnsignedString(length)
              + " bytes, at most 100,000,000 are allowed");
    }
  }

  /** Makes an exception about a byte of the header. */
  HeaderFormatException atByte(
      FormatRule rule, @Nullable String tensor, long index, String detail) {
    return new HeaderFormatException(rule, path, tensor, LENGTH_BYTES + index, detail);
  }

  /** Makes an exception about a place that the JSON parser gave, in UTF-16 code units. */
  HeaderFormatException atChar(
      FormatRule rule, @Nullable String tensor, long index, String detail) {
    return atByte(rule, tensor, Utf8.byteIndex(json, index), detail);
  }
}
