// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;

/** Files of random tensors, with what is in them. */
final class Samples {
  final Path path;
  final Map<String, byte[]> bytes = new LinkedHashMap<>();
  private final SafetensorsWriter writer = new SafetensorsWriter();

  Samples(Path path) {
    this.path = path;
  }

  Samples with(String name, DType dtype, long... dims) {
    Shape shape = Shape.of(dims);
    byte[] elements = new byte[Math.toIntExact(dtype.byteSize(shape.elements()))];
    new Random(name.hashCode()).nextBytes(elements);
    return with(name, dtype, shape, elements);
  }

  Samples with(String name, DType dtype, Shape shape, byte[] elements) {
    bytes.put(name, elements);
    writer.add(name, dtype, shape, MemorySegment.ofArray(elements));
    return this;
  }

  Samples metadata(String key, String value) {
    writer.metadata(key, value);
    return this;
  }

  Samples write() throws IOException {
    writer.write(path);
    return this;
  }

  static byte[] bytesOf(Tensor tensor) throws IOException {
    byte[] bytes = new byte[Math.toIntExact(tensor.byteSize())];
    tensor.toHost(MemorySegment.ofArray(bytes));
    return bytes;
  }

  /** Makes the bytes of F32 elements. */
  static byte[] floats(float... values) {
    ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES).order(LITTLE_ENDIAN);
    for (float value : values) {
      bytes.putFloat(value);
    }
    return bytes.array();
  }
}
