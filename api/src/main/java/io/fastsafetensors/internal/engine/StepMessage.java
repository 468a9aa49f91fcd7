// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * What a rank tells the others at the end of a step.
 *
 * @param failed whether the step failed
 * @param operation the step's name, at most 127 bytes long
 * @param told what the step found; why it failed, if it did
 */
@SuppressWarnings("ArrayRecordComponent") // never compared; a copy would cost up to 100 MB
record StepMessage(boolean failed, String operation, byte[] told) {
  byte[] encode() {
    byte[] name = operation.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(Math.addExact(told.length, name.length + 2))
        .put((byte) (failed ? 1 : 0))
        .put((byte) name.length)
        .put(name)
        .put(told)
        .array();
  }

  /** Reads a message; what no step sent comes out as one of an unknown operation. */
  static StepMessage decode(byte[] message) {
    ByteBuffer in = ByteBuffer.wrap(message);
    if (in.remaining() < 2 || in.get(1) < 0 || in.get(1) > in.remaining() - 2) {
      return new StepMessage(false, "something else", message);
    }
    boolean failed = in.get() == 1;
    byte[] name = new byte[in.get()];
    in.get(name);
    byte[] told = new byte[in.remaining()];
    in.get(told);
    return new StepMessage(failed, new String(name, StandardCharsets.UTF_8), told);
  }

  String text() {
    return new String(told, StandardCharsets.UTF_8);
  }
}
