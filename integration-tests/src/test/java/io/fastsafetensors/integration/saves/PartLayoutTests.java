// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.saves;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.CheckpointSave;
import io.fastsafetensors.CheckpointWriter;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.Part;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.SaveOptions;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.integration.parts.ThreadRanks;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** However tensors are cut, and whoever has which part: the bytes are those of whole tensors. */
@Timeout(120)
class PartLayoutTests {
  /** The least there may be, so that there are many blocks. */
  private static final long MEMORY = 4 << 20;

  @TempDir private Path temp;
  private final List<Whole> tensors = new ArrayList<>();
  private Path alone;
  private Path together;

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Whole(String name, DType dtype, Shape shape, byte[] bytes) {
    byte[] cut(Box box) {
      return GroupSet.cut(bytes, dtype, shape.dims(), box.from, box.to);
    }

    /** Cuts it in two at random places, and the parts again. */
    List<Box> boxes(Random random, int cuts) {
      List<Box> boxes = new ArrayList<>();
      boxes.add(new Box(new long[shape.dimensions()], shape.dims()));
      for (int i = 0; i < cuts; i++) {
        Box box = boxes.get(random.nextInt(boxes.size()));
        int dim = random.nextInt(shape.dimensions());
        long size = box.to[dim] - box.from[dim];
        if (size > 1) {
          long at = box.from[dim] + 1 + random.nextLong(size - 1);
          Box rest = new Box(box.from.clone(), box.to.clone());
          rest.from[dim] = at;
          box.to[dim] = at;
          boxes.add(rest);
        }
      }
      return boxes;
    }
  }

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Box(long[] from, long[] to) {
    Part part() {
      Part part = Part.slice(0, from[0], to[0]);
      for (int dim = 1; dim < from.length; dim++) {
        part = part.and(dim, from[dim], to[dim]);
      }
      return part;
    }
  }

  @BeforeEach
  void makeTensors() throws IOException {
    alone = temp.toRealPath().resolve("alone");
    together = temp.toRealPath().resolve("together");
    add("narrow", DType.F32, 3001, 37);
    add("page", DType.F16, 601, 2048);
    add("wide", DType.F32, 7, 150_001);
    add("cube", DType.U8, 61, 83, 101);
    add("short", DType.BF16, 5, 3);
    add("tail", DType.U8, 4099, 97);
  }

  private void add(String name, DType dtype, long... dims) {
    Shape shape = Shape.of(dims);
    byte[] bytes = new byte[Math.toIntExact(dtype.byteSize(shape.elements()))];
    new Random(name.hashCode()).nextBytes(bytes);
    tensors.add(new Whole(name, dtype, shape, bytes));
  }

  private static SaveOptions.Builder options(DirectMode direct) {
    return SaveOptions.builder().direct(direct).memory(MEMORY);
  }

  private void saveAlone(SaveOptions options) throws IOException {
    CheckpointWriter writer = CheckpointWriter.create();
    for (Whole tensor : tensors) {
      writer.add(tensor.name, tensor.dtype, tensor.shape, MemorySegment.ofArray(tensor.bytes));
    }
    writer.write(alone, options);
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1, ON, false", "2, 1, OFF, true", "3, 2, ON, false", "4, 2, ON, true",
    "5, 3, ON, false", "6, 3, OFF, false", "7, 4, ON, true", "8, 2, ON, false"
  })
  void partsInMemory(int seed, int ranks, DirectMode direct, boolean converts) throws Exception {
    SaveOptions.Builder options = options(direct);
    if (converts) {
      options.dtype(DType.BF16);
    }
    saveAlone(options.build());
    ThreadRanks.runWell(
        ranks,
        group -> {
          try (Arena confined = Arena.ofConfined();
              Arena shared = Arena.ofShared()) {
            CheckpointWriter writer = CheckpointWriter.create(group);
            addParts(writer, group.rank(), new Random(seed), ranks, confined, shared);
            writer.write(together, options.build());
          }
        });
    GroupSet.assertSame(alone, together);
  }

  /** All ranks draw the same numbers. */
  private void addParts(
      CheckpointWriter writer, int rank, Random random, int ranks, Arena confined, Arena shared) {
    for (Whole tensor : tensors) {
      int favourite = random.nextInt(ranks);
      for (Box box : tensor.boxes(random, random.nextInt(60))) {
        int owner = random.nextInt(3) > 0 ? favourite : random.nextInt(ranks);
        int kind = random.nextInt(8);
        if (owner == rank) {
          MemorySegment bytes = MemorySegment.ofArray(tensor.cut(box));
          MemorySegment given =
              switch (kind) {
                case 0 -> copy(confined, bytes);
                case 1, 2, 3 -> copy(shared, bytes);
                default -> bytes;
              };
          writer.addPart(tensor.name, tensor.dtype, tensor.shape, box.part(), given);
        }
      }
    }
  }

  private static MemorySegment copy(Arena arena, MemorySegment bytes) {
    return arena.allocate(bytes.byteSize(), 8).copyFrom(bytes);
  }

  @ParameterizedTest
  @CsvSource({"1, 2, ON, false", "2, 3, OFF, false", "3, 4, ON, true", "4, 3, ON, false"})
  void columnsThatAreBrought(int seed, int ranks, DirectMode direct, boolean converts)
      throws Exception {
    SaveOptions.Builder options = options(direct);
    if (converts) {
      options.dtype(DType.BF16);
    }
    saveAlone(options.build());
    ThreadRanks.runWell(ranks, group -> bring(group, new Random(seed), ranks, options.build()));
    GroupSet.assertSame(alone, together);
  }

  private void bring(ProcessGroup group, Random random, int ranks, SaveOptions options)
      throws Exception {
    CheckpointWriter writer = CheckpointWriter.create(group);
    List<Box> own = new ArrayList<>();
    for (Whole tensor : tensors) {
      int dim = random.nextInt(10) == 0 ? 0 : tensor.shape.dimensions() - 1;
      Box box = columns(tensor.shape, dim, random, ranks, group.rank());
      own.add(box);
      writer.declarePart(tensor.name, tensor.dtype, tensor.shape, box.part());
    }
    try (CheckpointSave save = writer.begin(together, options)) {
      try (ExecutorService threads = Executors.newFixedThreadPool(3)) {
        List<Future<?>> puts = new ArrayList<>();
        for (Run run : pieces(own, new Random(group.rank()))) {
          puts.add(
              threads.submit(() -> {
                save.put(tensors.get(run.tensor).name, run.from, run.bytes);
                return run;
              }));
        }
        for (Future<?> put : puts) {
          put.get();
        }
      }
      save.finish();
    }
  }

  /** Returns what a rank has, at least a column, of ranges of any size. */
  private static Box columns(Shape shape, int dim, Random random, int ranks, int rank) {
    long[] ends =
        random
            .longs(1, shape.dim(dim))
            .distinct()
            .limit(Math.min(ranks, shape.dim(dim)) - 1)
            .sorted()
            .toArray();
    Box box = new Box(new long[shape.dimensions()], shape.dims());
    box.from[dim] = rank == 0 ? 0 : rank <= ends.length ? ends[rank - 1] : shape.dim(dim);
    box.to[dim] = rank < ends.length ? ends[rank] : shape.dim(dim);
    return box;
  }

  /** Neighbouring bytes of a part. */
  private record Run(int tensor, long from, MemorySegment bytes) {}

  private List<Run> pieces(List<Box> own, Random random) {
    List<Run> pieces = new ArrayList<>();
    for (int i = 0; i < own.size(); i++) {
      Whole tensor = tensors.get(i);
      MemorySegment bytes = MemorySegment.ofArray(tensor.cut(own.get(i)));
      int unit = tensor.dtype.bits() / Byte.SIZE;
      for (long at = 0, size; at < bytes.byteSize(); at += size) {
        long most = unit * (1L + random.nextInt(random.nextBoolean() ? 900 : 200_000));
        size = Math.min(most, bytes.byteSize() - at);
        pieces.add(new Run(i, at, bytes.asSlice(at, size)));
      }
    }
    Collections.shuffle(pieces, random);
    return pieces;
  }

  /** To compare each part with all others, or to copy a list for each, would take minutes. */
  @Test
  void takesManyParts() throws Exception {
    tensors.clear();
    add("a", DType.U8, 800, 1000);
    saveAlone(options(DirectMode.AUTO).build());
    Whole whole = tensors.getFirst();
    List<Box> tiles = new ArrayList<>();
    for (long row = 0; row < 800; row += 2) {
      for (long column = 0; column < 1000; column += 4) {
        tiles.add(new Box(new long[] {row, column}, new long[] {row + 2, column + 4}));
      }
    }
    assertThat(tiles).hasSize(100_000);
    Collections.shuffle(tiles, new Random(9));
    CheckpointWriter writer = CheckpointWriter.create();
    for (Box tile : tiles) {
      byte[] bytes = new byte[8];
      for (int i = 0; i < 8; i++) {
        bytes[i] = whole.bytes[(int) ((tile.from[0] + i / 4) * 1000 + tile.from[1] + i % 4)];
      }
      writer.addPart("a", DType.U8, whole.shape, tile.part(), MemorySegment.ofArray(bytes));
    }
    writer.write(together, options(DirectMode.AUTO).build());
    GroupSet.assertSame(alone, together);
  }
}
