// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.ranks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.Loader;
import io.fastsafetensors.Part;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.TensorOptions;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.format.TensorInfo;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * The property that the shards of all ranks, put together, are the tensor: for every type, every
 * dimension, and groups of every size up to the whole one.
 *
 * @param folder where the files are
 */
record Shards(Path folder) {
  private static final int FILES = 3;
  private static final int RANK = 3;
  private static final int LONGEST = 11;

  /** Writes files of all types, with random shapes. */
  void write(long seed) throws IOException {
    Random random = new Random(seed);
    for (int file = 0; file < FILES; file++) {
      SafetensorsWriter writer = new SafetensorsWriter();
      for (DType type : DType.values()) {
        Shape shape = shape(type, random);
        byte[] bytes = bytes(file + "." + type, type.byteSize(shape.elements()));
        writer.add(file + "." + type, type, shape, MemorySegment.ofArray(bytes));
      }
      writer.write(path(file));
    }
  }

  /** Returns a shape whose elements fill whole bytes. */
  private static Shape shape(DType type, Random random) {
    Shape shape;
    do {
      shape =
          Shape.of(
              1 + random.nextInt(LONGEST),
              1 + random.nextInt(LONGEST),
              1 + random.nextInt(LONGEST));
    } while (shape.elements() * type.bits() % Byte.SIZE != 0);
    return shape;
  }

  private static byte[] bytes(String name, long size) {
    byte[] bytes = new byte[Math.toIntExact(size)];
    new Random(name.hashCode()).nextBytes(bytes);
    return bytes;
  }

  private Path path(int file) {
    return folder.resolve(file + ".safetensors");
  }

  /** Checks it on this rank, for parts of the group of every size. */
  int check(ProcessGroup group) throws IOException {
    int cases = 0;
    for (int size = 1; size <= group.size(); size++) {
      boolean isIn = group.rank() >= group.size() - size; // so that ranks have other numbers there
      try (ProcessGroup part = group.split(isIn ? 0 : 1, 0)) {
        if (isIn) {
          for (int dim = 0; dim < RANK; dim++) {
            cases += check(part, dim);
          }
        }
      }
    }
    return cases;
  }

  private int check(ProcessGroup group, int dim) throws IOException {
    try (Loader loader = Loader.builder().group(group).build()) {
      for (int file = 0; file < FILES; file++) {
        loader.addFiles(file % group.size(), List.of(path(file)));
      }
      try (FileBuffer buffer = loader.load()) {
        Map<String, Tensor> shards = buffer.all(cuttable(buffer, dim, group.size()));
        for (Map.Entry<String, Tensor> shard : shards.entrySet()) {
          try (Tensor part = shard.getValue()) {
            Shape whole = buffer.info(shard.getKey()).shape();
            byte[] joined = join(group.allGather(bytesOf(part)), whole, dim);
            assertThat(joined)
                .as("%s %s along %d of %d", shard.getKey(), whole, dim, group.size())
                .isEqualTo(bytes(shard.getKey(), joined.length));
          }
        }
        return shards.size();
      }
    }
  }

  /** Returns what to ask for; what can't be cut into whole bytes is refused, on all ranks. */
  private static Map<String, TensorOptions> cuttable(FileBuffer buffer, int dim, int ranks) {
    Map<String, TensorOptions> wanted = new LinkedHashMap<>();
    for (String name : buffer.keys()) {
      if (cutsBytes(buffer.info(name), dim, ranks)) {
        assertThatIllegalArgumentException()
            .isThrownBy(() -> buffer.tensor(name, TensorOptions.of(Part.shard(dim))));
      } else {
        wanted.put(name, TensorOptions.of(Part.shard(dim)));
      }
    }
    return wanted;
  }

  /** Looks at each place where one rank's part ends and another's starts. */
  private static boolean cutsBytes(TensorInfo tensor, int dim, int ranks) {
    long size = tensor.shape().dim(dim);
    long block = Math.ceilDiv(size, ranks);
    long bits = tensor.dtype().bits() * product(tensor.shape(), dim + 1, RANK);
    long rows = product(tensor.shape(), 0, dim);
    return block < size
        && LongStream.range(0, rows)
            .flatMap(row ->
                LongStream.iterate(0, at -> at < size, at -> at + block)
                    .map(at -> (row * size + at) * bits))
            .anyMatch(cut -> cut % Byte.SIZE != 0);
  }

  private static long product(Shape shape, int from, int to) {
    return IntStream.range(from, to).mapToLong(shape::dim).reduce(1, Math::multiplyExact);
  }

  private static byte[] bytesOf(Tensor tensor) throws IOException {
    byte[] bytes = new byte[Math.toIntExact(tensor.byteSize())];
    tensor.toHost(MemorySegment.ofArray(bytes));
    return bytes;
  }

  /** Puts parts together along a dimension, in plain Java. */
  private static byte[] join(List<byte[]> parts, Shape whole, int dim) {
    int rows = Math.toIntExact(product(whole, 0, dim));
    ByteArrayOutputStream joined = new ByteArrayOutputStream();
    for (int row = 0; row < rows; row++) {
      for (byte[] part : parts) {
        joined.write(part, part.length / rows * row, part.length / rows);
      }
    }
    return joined.toByteArray();
  }
}
