// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.parts;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.Device;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.Distribution;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.Part;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.Selection;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.function.LongUnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Parts of tensors that are read chunk by chunk, and of more than 4 GiB. */
@Timeout(240)
@Tag("slow")
class LargePartsTests {
  /** Rows of 64 kB, each a run of its own or not, by what is cut off; 70 MB in all. */
  private static final long ROWS = 1100;

  private static final long COLUMNS = 16_000;
  private static final int RANKS = 3;

  /** Without {@code AUTO}, which is one of them. */
  private static final List<Distribution> DISTRIBUTIONS =
      List.of(Distribution.OWNER, Distribution.LOCAL, Distribution.SHARED);

  @TempDir private static Path folder;

  @AfterEach
  void nothingIsLeft() throws IOException {
    assertThat(Leftovers.of(folder)).isEmpty();
  }

  private static Path file() {
    return folder.resolve("m.safetensors");
  }

  /** Writes a tensor whose elements tell where they are, and one that all ranks want whole. */
  @BeforeAll
  static void write() throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment elements = arena.allocate(ROWS * COLUMNS * Integer.BYTES, Integer.BYTES);
      for (long i = 0; i < ROWS * COLUMNS; i++) {
        elements.setAtIndex(ValueLayout.JAVA_INT, i, element(i));
      }
      new SafetensorsWriter()
          .add("far", DType.I32, Shape.of(ROWS, COLUMNS), elements)
          .add(
              "whole", DType.I32, Shape.of(ROWS * COLUMNS / 4), elements.asSlice(0, ROWS * COLUMNS))
          .write(file());
    }
  }

  private static int element(long index) {
    return (int) (index * 0x9E3779B1L);
  }

  @ParameterizedTest
  @CsvSource({
    "cpu, cpu, COPIED, AUTO",
    "cpu, posix, AUTO, AUTO",
    "cpu, posix, COPIED, ON",
    "sim:0, sim, AUTO, AUTO"
  })
  void partsOfManyChunks(String device, String backend, AccessPath path, DirectMode direct)
      throws Exception {
    Random random = new Random(1);
    for (Distribution distribution : DISTRIBUTIONS) {
      LoadOptions options =
          LoadOptions.builder()
              .backend(backend)
              .path(path)
              .direct(direct)
              .distribution(distribution)
              .build();
      long near = 100L + random.nextInt(1000); // what is cut off is read with the rest, or isn't
      long far = 5000L + random.nextInt(3000);
      ThreadRanks.runWell(
          RANKS,
          group -> {
            long from = group.rank() == 1 ? far : near;
            try (Loader loader =
                    Loader.builder()
                        .group(group)
                        .device(Device.parse(device))
                        .build()
                        .addFiles(0, List.of(file()));
                FileBuffer buffer = loader.load(own(options, group, from));
                Tensor whole = buffer.tensor("whole")) {
              check(whole, ROWS * COLUMNS / 4, index -> index);
              if (group.rank() < 2) {
                try (Tensor columns = buffer.tensor("far")) {
                  long width = COLUMNS - from;
                  check(
                      columns,
                      (ROWS - 4) * width,
                      index -> (3 + index / width) * COLUMNS + from + index % width);
                }
              }
            }
          });
    }
  }

  private static LoadOptions own(LoadOptions options, ProcessGroup group, long from) {
    Part part = group.rank() == 2 ? Part.none() : Part.slice(1, from, COLUMNS).and(0, 3, ROWS - 1);
    return options.toBuilder().selection(Selection.builder().part("far", part).build()).build();
  }

  /** Compares a tensor with the elements of the whole that it must have. */
  private static void check(Tensor tensor, long elements, LongUnaryOperator origin)
      throws IOException {
    assertThat(tensor.byteSize()).isEqualTo(elements * Integer.BYTES);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(tensor.byteSize(), Integer.BYTES);
      tensor.toHost(bytes);
      for (long i = 0; i < elements; i++) {
        if (bytes.getAtIndex(ValueLayout.JAVA_INT, i) != element(origin.applyAsLong(i))) {
          throw new AssertionError("element %d of %d differs: %s".formatted(i, elements, tensor));
        }
      }
    }
  }

  /** A file of holes with a few bytes in it; the tensor's last rows begin past 4 GiB. */
  @Test
  void partsPastFourGibibytes() throws Exception {
    long rows = 70_000;
    long rowBytes = 65_536;
    Path file = folder.resolve("huge.safetensors");
    byte[] header =
        "{\"t\":{\"dtype\":\"U8\",\"shape\":[%d,%d],\"data_offsets\":[0,%d]}}"
            .formatted(rows, rowBytes, rows * rowBytes)
            .getBytes(StandardCharsets.UTF_8);
    long[] wanted = {0, 32_767, 32_768, 65_535, 65_536, 69_998, 69_999};
    try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
      ByteBuffer size = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
      out.write(size.putLong(header.length).array());
      out.write(header);
      out.setLength(8 + header.length + rows * rowBytes);
      for (int i = 0; i < wanted.length; i++) {
        out.seek(8 + header.length + wanted[i] * rowBytes + 7);
        out.write(i + 1);
      }
    }
    for (Distribution distribution : DISTRIBUTIONS) {
      ThreadRanks.runWell(
          2,
          group -> {
            Part part = group.rank() == 0 ? Part.rows(wanted) : Part.slice(0, 65_530, 65_540);
            LoadOptions options =
                LoadOptions.builder()
                    .selection(Selection.of(part))
                    .distribution(distribution)
                    .build();
            try (Loader loader = Loader.builder().group(group).build().addFiles(0, List.of(file));
                FileBuffer buffer = loader.load(options);
                Tensor tensor = buffer.tensor("t")) {
              byte[] bytes = new byte[Math.toIntExact(tensor.byteSize())];
              tensor.toHost(MemorySegment.ofArray(bytes));
              byte[] expected = new byte[bytes.length];
              for (int i = 0; i < wanted.length; i++) {
                long row = group.rank() == 0 ? i : wanted[i] - 65_530;
                if (row >= 0 && row * rowBytes < bytes.length) {
                  expected[Math.toIntExact(row * rowBytes + 7)] = (byte) (i + 1);
                }
              }
              assertThat(bytes).isEqualTo(expected);
            }
          });
    }
  }
}
