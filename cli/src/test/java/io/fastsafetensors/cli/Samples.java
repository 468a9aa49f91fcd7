// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.Part;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.oracle.PartOracle;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Random;

/** Files for tests. */
final class Samples {
  private Samples() {}

  /** Writes a file with one tensor of random bytes, and returns these. */
  static byte[] write(Path file, String tensor, DType dtype, Shape shape) throws IOException {
    byte[] bytes = new byte[Math.toIntExact(dtype.byteSize(shape.elements()))];
    new Random(tensor.hashCode()).nextBytes(bytes);
    new SafetensorsWriter()
        .metadata("name", tensor)
        .add(tensor, dtype, shape, MemorySegment.ofArray(bytes))
        .write(file);
    return bytes;
  }

  /** Writes a file with this header and that much data. */
  static Path raw(Path file, String header, int dataBytes) throws IOException {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes =
        ByteBuffer.allocate(Long.BYTES + json.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
    return Files.write(file, bytes.putLong(json.length).put(json).array());
  }

  /** Returns the line that {@code digest} prints of a part of a tensor. */
  static String line(String name, DType dtype, Shape shape, byte[] tensor, Part part) {
    PartOracle oracle = new PartOracle(dtype, shape, part, 1, 0);
    return String.join(
        "  ", sha256(oracle.cut(tensor)), dtype.name(), oracle.shape().toString(), name);
  }

  static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }
}
