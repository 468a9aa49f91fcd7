// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.OpenCheckpoint;
import io.fastsafetensors.Part;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.internal.plan.CheckpointFiles;
import io.fastsafetensors.oracle.PartOracle;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/** Opens and writes checkpoints, and compares parts of them with an oracle. */
final class OpenedSamples {
  static final Shape SHAPE = Shape.of(40, 6, 50);

  private OpenedSamples() {}

  static OpenCheckpoint open(Path path, LoadOptions options) throws LoadException {
    return OpenedCheckpoint.open(
        CheckpointFiles.find(path, Optional.empty()), options, new Bench().registry());
  }

  static OpenCheckpoint open(Path path) throws LoadException {
    return open(path, LoadOptions.defaults());
  }

  static LoadOptions path(AccessPath path) {
    return LoadOptions.builder().path(path).build();
  }

  /** Writes a file of one tensor. */
  static Path write(Path path, String name, DType dtype, Shape shape, byte[] bytes)
      throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
      new SafetensorsWriter().add(name, dtype, shape, memory).write(path);
    }
    return path;
  }

  static byte[] random(DType dtype, Shape shape, long seed) {
    byte[] bytes = new byte[Math.toIntExact(dtype.byteSize(shape.elements()))];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  static List<Part> parts(Shape shape, int count, long seed) {
    Random random = new Random(seed);
    List<Part> parts =
        new ArrayList<>(List.of(Part.whole(), Part.rows(new long[0]), Part.slice(0, 3, 3)));
    for (int i = 0; i < count; i++) {
      int dim = random.nextInt(shape.dimensions());
      long from = random.nextLong(shape.dim(dim) + 1);
      Part slice = Part.slice(dim, from, random.nextLong(from, shape.dim(dim) + 1));
      int other = (dim + 1) % shape.dimensions();
      long first = random.nextLong(shape.dim(other));
      parts.add(slice);
      parts.add(slice.and(other, first, random.nextLong(first, shape.dim(other)) + 1));
      parts.add(Part.shard(dim, random.nextInt(3), 3));
      long rows = shape.dim(0);
      parts.add(Part.rows(random.longs(rows / 4, 0, rows).sorted().distinct().toArray()));
    }
    return parts;
  }

  static void check(OpenCheckpoint checkpoint, String name, byte[] all, Part part)
      throws LoadException {
    DType dtype = checkpoint.info(name).dtype();
    long size = checkpoint.byteSize(name, part); // refuses what isn't whole bytes
    byte[] wanted = PartOracle.cut(all, dtype, checkpoint.info(name).shape(), part);
    assertThat(size).as("%s", part).isEqualTo(wanted.length);
    try (Tensor tensor = checkpoint.read(name, part);
        Arena arena = Arena.ofShared()) {
      assertThat(bytes(tensor.host().orElseThrow())).as("%s", part).isEqualTo(wanted);
      MemorySegment target = arena.allocate(wanted.length);
      checkpoint.read(name, part, target);
      assertThat(bytes(target)).as("%s", part).isEqualTo(wanted);
    }
  }

  static byte[] bytes(MemorySegment memory) {
    return memory.toArray(ValueLayout.JAVA_BYTE);
  }
}
