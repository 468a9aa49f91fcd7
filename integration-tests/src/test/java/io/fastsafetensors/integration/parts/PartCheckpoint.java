// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.parts;

import io.fastsafetensors.Part;
import io.fastsafetensors.Selection;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;

/**
 * Several files with tensors of all types and odd shapes, and experts by number.
 *
 * @param folder where they are
 * @param tensors by name
 */
public record PartCheckpoint(Path folder, Map<String, WholeTensor> tensors) {
  private static final int FILES = 3;
  private static final int EXPERTS = 7;

  /** Makes one; the same seed makes the same. */
  public static PartCheckpoint of(Path folder, long seed) {
    Random random = new Random(seed);
    PartCheckpoint checkpoint = new PartCheckpoint(folder, new LinkedHashMap<>());
    for (int file = 0; file < FILES; file++) {
      for (DType dtype : DType.values()) {
        checkpoint.add(WholeTensor.random(file + "." + dtype, dtype, shape(dtype, random), random));
      }
    }
    for (int expert = 0; expert < EXPERTS; expert++) {
      String name = expert % FILES + ".experts." + expert + ".w";
      checkpoint.add(WholeTensor.random(name, DType.BF16, Shape.of(5, 6), random));
    }
    return checkpoint;
  }

  private void add(WholeTensor tensor) {
    tensors.put(tensor.name(), tensor);
  }

  private static Shape shape(DType dtype, Random random) {
    long[] dims = new long[random.nextInt(5)];
    for (int dim = 0; dim < dims.length; dim++) {
      dims[dim] = random.nextInt(12) == 0 ? 0 : 1 + random.nextInt(9);
    }
    if (dtype.bits() < Byte.SIZE) {
      dims = dims.length == 0 ? new long[1] : dims;
      dims[dims.length - 1] *= Byte.SIZE;
    }
    return Shape.of(dims);
  }

  /** Writes the files. */
  public PartCheckpoint write() throws IOException {
    for (int file = 0; file < FILES; file++) {
      SafetensorsWriter writer = new SafetensorsWriter();
      for (WholeTensor tensor : tensors.values()) {
        if (tensor.name().startsWith(file + ".")) {
          writer.add(
              tensor.name(), tensor.dtype(), tensor.shape(), MemorySegment.ofArray(tensor.bytes()));
        }
      }
      writer.write(files().get(file));
    }
    return this;
  }

  /** Returns the files. */
  public List<Path> files() {
    List<Path> files = new ArrayList<>();
    for (int file = 0; file < FILES; file++) {
      files.add(folder.resolve("part-" + file + ".safetensors"));
    }
    return files;
  }

  /**
   * What one rank wants.
   *
   * @param parts of each tensor
   * @param selection says the same by rules of all kinds
   */
  record Wish(Map<String, Part> parts, Selection selection) {}

  /** Makes a random wish; the same seed and rank make the same. */
  Wish wish(long seed, int ranks, int rank) {
    Random random = new Random(seed * 31 + rank);
    Map<String, Part> parts = new LinkedHashMap<>();
    Selection.Builder rules = Selection.builder();
    if (random.nextBoolean()) {
      Part part = random.nextBoolean() ? Part.whole() : Part.shard(1);
      rules.numbered("*.experts.#.w", expert -> expert % ranks == rank, part);
      for (int expert = 0; expert < EXPERTS; expert++) {
        parts.put(
            expert % FILES + ".experts." + expert + ".w",
            expert % ranks == rank ? part : Part.none());
      }
    }
    Part otherwise = random.nextBoolean() ? Part.none() : Part.whole();
    Map<Part, Set<String>> byPart = new LinkedHashMap<>();
    for (WholeTensor tensor : tensors.values()) {
      Part part = tensor.part(random);
      if (parts.putIfAbsent(tensor.name(), part) != null || part.equals(otherwise)) {
        continue;
      }
      if (random.nextBoolean()) {
        rules.part(tensor.name(), part);
      } else {
        byPart.computeIfAbsent(part, _ -> new TreeSet<>()).add(tensor.name());
      }
    }
    byPart.forEach((part, names) -> rules.part(info -> names.contains(info.name()), part));
    return new Wish(parts, rules.otherwise(otherwise).build());
  }
}
