// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.format;

import io.fastsafetensors.FormatRule;
import io.fastsafetensors.HeaderFormatException;
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
