// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.parts;

import io.fastsafetensors.Part;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.oracle.PartOracle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import java.util.stream.LongStream;

/**
 * A tensor with random parts, and what they are. Of types smaller than a byte eight neighbours are
 * taken as one.
 *
 * @param name the name
 * @param dtype the type
 * @param shape the shape; the last dimension is a multiple of 8 where elements are below a byte
 * @param bytes all bytes
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record WholeTensor(String name, DType dtype, Shape shape, byte[] bytes) {
  /** Makes one of random numbers, finite ones where they may be converted. */
  static WholeTensor random(String name, DType dtype, Shape shape, Random random) {
    byte[] bytes = new byte[Math.toIntExact(dtype.byteSize(shape.elements()))];
    random.nextBytes(bytes);
    if (dtype == DType.F32) {
      ByteBuffer floats = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
      while (floats.hasRemaining()) {
        floats.putFloat((float) random.nextGaussian());
      }
    }
    return new WholeTensor(name, dtype, shape, bytes);
  }

  private boolean isPacked() {
    return dtype.bits() < Byte.SIZE;
  }

  /** Returns how many neighbours of a dimension are cut as one. */
  private long neighbours(int dim) {
    return isPacked() && dim == shape.dimensions() - 1 ? Byte.SIZE : 1;
  }

  /** Returns a random part that starts and ends on whole bytes. */
  Part part(Random random) {
    int dims = shape.dimensions() - (isPacked() && random.nextInt(3) > 0 ? 1 : 0);
    if (dims <= 0) {
      return random.nextInt(4) == 0 ? Part.none() : Part.whole();
    }
    int dim = random.nextInt(dims);
    boolean isByNeighbours = neighbours(dim) > 1;
    return switch (random.nextInt(isByNeighbours ? 4 : 9)) {
      case 0 -> Part.whole();
      case 1 -> Part.none();
      case 2, 3 -> slice(random, dims);
      case 4 -> Part.shard(dim, random.nextInt(4), 4);
      case 5 -> neighbours(0) > 1 ? Part.whole() : rows(random);
      default -> Part.shard(dim);
    };
  }

  private Part rows(Random random) {
    return Part.rows(LongStream.range(0, shape.dim(0)).filter(_ -> random.nextBoolean()).toArray());
  }

  private Part slice(Random random, int dims) {
    int first = random.nextInt(dims);
    Part part = null;
    for (int dim = first; dim < dims; dim++) {
      long unit = neighbours(dim);
      long size = shape.dim(dim) / unit;
      long from = random.nextLong(size + 1);
      long to = from + random.nextLong(size - from + 1);
      part =
          part == null
              ? Part.slice(dim, from * unit, to * unit)
              : part.and(dim, from * unit, to * unit);
    }
    return part;
  }

  /** Returns the shape of a rank's part. */
  Shape shape(Part part, int ranks, int rank) {
    return new PartOracle(dtype, shape, part, ranks, rank).shape();
  }

  /** Returns the bytes of a rank's part. */
  byte[] cut(Part part, int ranks, int rank) {
    return new PartOracle(dtype, shape, part, ranks, rank).cut(bytes);
  }
}
