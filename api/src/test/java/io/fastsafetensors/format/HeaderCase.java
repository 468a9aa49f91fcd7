// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.format;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A file and what a reader must say of it.
 *
 * @param name what is special about it
 * @param rule the rule that it breaks, or null if it is valid
 * @param file its bytes
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record HeaderCase(String name, @Nullable FormatRule rule, byte[] file) {
  /** Single quotes in {@code json} stand for double quotes. */
  static HeaderCase accept(String name, String json, int dataBytes) {
    return new HeaderCase(name, null, file(json.replace('\'', '"'), dataBytes));
  }

  static HeaderCase reject(String name, FormatRule rule, String json, int dataBytes) {
    return new HeaderCase(name, rule, file(json.replace('\'', '"'), dataBytes));
  }

  /** A file whose JSON breaks a rule of syntax or kind, with 4 bytes of data. */
  static HeaderCase rejectJson(String name, String json) {
    return reject(name, FormatRule.INVALID_HEADER_DESERIALIZATION, json, 4);
  }

  static byte[] file(String json, int dataBytes) {
    return file(json.getBytes(StandardCharsets.UTF_8), dataBytes);
  }

  static byte[] file(byte[] header, int dataBytes) {
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    file.writeBytes(length(header.length));
    file.writeBytes(header);
    file.writeBytes(new byte[dataBytes]);
    return file.toByteArray();
  }

  /** The first 8 bytes of a file. */
  static byte[] length(long headerBytes) {
    return ByteBuffer.allocate(Long.BYTES)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(headerBytes)
        .array();
  }

  /** A header with one tensor {@code a} of 4 bytes. */
  static String tensor(String dtype, String shape, String offsets) {
    return "{'a':{'dtype':%s,'shape':%s,'data_offsets':%s}}".formatted(dtype, shape, offsets);
  }

  @Override
  public String toString() {
    return name + ": " + (rule == null ? "accept" : rule.referenceName());
  }
}
