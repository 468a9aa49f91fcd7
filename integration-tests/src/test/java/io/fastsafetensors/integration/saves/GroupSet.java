// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.saves;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.CheckpointWriter;
import io.fastsafetensors.Part;
import io.fastsafetensors.SaveOptions;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Tensors with random bytes that ranks have in different ways; the same on all ranks. */
public final class GroupSet {
  /** Patterns of the tensors that several ranks have alike. */
  public static final String REPLICATED = "norm*";

  private final Map<String, Entry> tensors = new TreeMap<>();

  /** Who has what of a tensor. */
  enum How {
    /** One rank has it. */
    WHOLE,
    /** Each rank has a shard of dimension 0. */
    ROWS,
    /** Each rank has a shard of dimension 1. */
    COLUMNS,
    /** The first rank has most of dimension 0, and others a row, or nothing. */
    UNEVEN,
    /** A rank has two slices, as of matrices that were joined. */
    JOINED,
    /** Each has a quarter, by two dimensions; in a group of another size the first has all. */
    TILES,
    /** All have all of it. */
    REPLICATED
  }

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Entry(DType dtype, Shape shape, How how, byte[] bytes) {}

  /** Makes a set with tensors of many kinds: tiny, empty, and some of more than a block. */
  public static GroupSet mixed() {
    GroupSet set = new GroupSet();
    for (int i = 0; i < 9; i++) {
      set.with("tiny." + i, DType.U8, How.WHOLE, 1 + i % 3);
      set.with("bias." + i, DType.F32, How.WHOLE, 5);
      set.with("norm." + i, DType.BF16, How.REPLICATED, 7);
    }
    set.with("scalar", DType.I64, How.WHOLE);
    set.with("none", DType.F16, How.ROWS, 0, 3);
    set.with("few", DType.F32, How.ROWS, 2, 3);
    set.with("large.whole", DType.F32, How.WHOLE, 1031, 997);
    set.with("large.rows", DType.F32, How.ROWS, 1031, 997);
    set.with("large.columns", DType.BF16, How.COLUMNS, 503, 1999);
    set.with("large.uneven", DType.F64, How.UNEVEN, 300, 77, 3);
    set.with("large.joined", DType.F16, How.JOINED, 1200, 333);
    set.with("large.tiles", DType.F32, How.TILES, 514, 4 << 10);
    set.with("long.columns", DType.F32, How.COLUMNS, 9, 300_000);
    return set;
  }

  /** Adds a tensor. */
  public GroupSet with(String name, DType dtype, How how, long... dims) {
    Shape shape = Shape.of(dims);
    byte[] bytes = new byte[Math.toIntExact(dtype.byteSize(shape.elements()))];
    new Random(name.hashCode()).nextBytes(bytes);
    tensors.put(name, new Entry(dtype, shape, how, bytes));
    return this;
  }

  /** Saves it by this process alone, in the order of names. */
  public void save(Path folder, SaveOptions options) throws IOException {
    CheckpointWriter writer = CheckpointWriter.create();
    tensors.forEach((name, tensor) ->
        writer.add(name, tensor.dtype, tensor.shape, MemorySegment.ofArray(tensor.bytes)));
    writer.write(folder, options);
  }

  /** Puts what a rank has into its writer, last names first. */
  public void add(CheckpointWriter writer, int ranks, int rank) {
    List<String> names = new ArrayList<>(tensors.keySet()).reversed();
    for (int i = 0; i < names.size(); i++) {
      Entry tensor = tensors.get(names.get(i));
      for (Part part : parts(tensor, i, ranks, rank)) {
        writer.addPart(
            names.get(i),
            tensor.dtype,
            tensor.shape,
            part,
            MemorySegment.ofArray(slice(tensor, part, ranks, rank)));
      }
    }
  }

  private static List<Part> parts(Entry tensor, int number, int ranks, int rank) {
    return switch (tensor.how) {
      case WHOLE -> number % ranks == rank ? List.of(Part.whole()) : List.of();
      case ROWS -> List.of(Part.shard(0));
      case COLUMNS -> List.of(Part.shard(1));
      case UNEVEN -> {
        long rest = ranks == 1 ? 0 : 1;
        long size = tensor.shape.dim(0);
        yield List.of(
            rank == 0
                ? Part.slice(0, 0, size - rest)
                : Part.slice(0, rank == 1 ? size - rest : size, size));
      }
      case JOINED -> {
        long half = tensor.shape.dim(0) / 2;
        long own = half / ranks;
        yield List.of(
            Part.slice(0, rank * own, rank == ranks - 1 ? half : (rank + 1) * own),
            Part.slice(
                0, half + rank * own, rank == ranks - 1 ? half * 2 : half + (rank + 1) * own));
      }
      case TILES -> {
        if (ranks != 4) {
          yield rank == 0 ? List.of(Part.whole()) : List.of();
        }
        long rows = tensor.shape.dim(0) / 2;
        long columns = tensor.shape.dim(1) / 2;
        yield List.of(
            Part.slice(0, rank / 2 * rows, (rank / 2 + 1) * rows)
                .and(1, rank % 2 * columns, (rank % 2 + 1) * columns));
      }
      case REPLICATED -> List.of(Part.whole());
    };
  }

  /** Cuts bytes element by element, in plain Java. */
  private static byte[] slice(Entry tensor, Part part, int ranks, int rank) {
    long[] dims = tensor.shape.dims();
    long[] from = new long[dims.length];
    long[] to = dims.clone();
    part.ranges()
        .forEach((dim, range) -> {
          from[dim] = range.from();
          to[dim] = range.to();
        });
    if (part.kind() == Part.Kind.SHARD) {
      int dim = part.shardDim().orElseThrow();
      long block = Math.ceilDiv(dims[dim], ranks);
      from[dim] = Math.min(dims[dim], rank * block);
      to[dim] = Math.min(dims[dim], (rank + 1) * block);
    }
    return cut(tensor.bytes, tensor.dtype, dims, from, to);
  }

  /** Returns the elements of a tensor that are in a range of each dimension. */
  static byte[] cut(byte[] bytes, DType dtype, long[] dims, long[] from, long[] to) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    copy(bytes, dims, from, to, 0, 0, dtype.bits() / Byte.SIZE, out);
    return out.toByteArray();
  }

  private static void copy(
      byte[] bytes,
      long[] dims,
      long[] from,
      long[] to,
      int dim,
      long at,
      int size,
      ByteArrayOutputStream out) {
    if (dim == dims.length) {
      out.write(bytes, Math.toIntExact(at * size), size);
      return;
    }
    for (long i = from[dim]; i < to[dim]; i++) {
      copy(bytes, dims, from, to, dim + 1, at * dims[dim] + i, size, out);
    }
  }

  /** Reads all files of a folder. */
  public static Map<String, byte[]> contents(Path folder) throws IOException {
    Map<String, byte[]> contents = new TreeMap<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        contents.put(file.getFileName().toString(), Files.readAllBytes(file));
      }
    }
    return contents;
  }

  /** Two folders have the same files, byte by byte. */
  static void assertSame(Path expected, Path found) throws IOException {
    Map<String, byte[]> wanted = contents(expected);
    Map<String, byte[]> had = contents(found);
    assertThat(had.keySet()).containsExactlyElementsOf(wanted.keySet());
    wanted.forEach((name, bytes) -> assertThat(had.get(name)).as(name).isEqualTo(bytes));
  }
}
