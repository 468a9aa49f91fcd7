// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.examples.speech;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Writes a message in the encoding of Protocol Buffers: as much of it as an ONNX file needs. */
final class ProtoWriter {
  private static final int VARINT = 0;
  private static final int LENGTH_DELIMITED = 2;

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  /** Adds a number. */
  ProtoWriter number(int field, long value) {
    varint(((long) field << 3) | VARINT);
    varint(value);
    return this;
  }

  /** Adds numbers, one after the other. */
  ProtoWriter numbers(int field, long... values) {
    for (long value : values) {
      number(field, value);
    }
    return this;
  }

  /** Adds a string. */
  ProtoWriter text(int field, String value) {
    return bytes(field, value.getBytes(StandardCharsets.UTF_8));
  }

  /** Adds a message. */
  ProtoWriter message(int field, ProtoWriter message) {
    return bytes(field, message.toByteArray());
  }

  /** Adds bytes. */
  ProtoWriter bytes(int field, byte[] value) {
    varint(((long) field << 3) | LENGTH_DELIMITED);
    varint(value.length);
    bytes.writeBytes(value);
    return this;
  }

  private void varint(long value) {
    long rest = value;
    for (; (rest & ~0x7FL) != 0; rest >>>= 7) {
      bytes.write((int) ((rest & 0x7F) | 0x80));
    }
    bytes.write((int) rest);
  }

  /** Returns the message. */
  byte[] toByteArray() {
    return bytes.toByteArray();
  }
}
