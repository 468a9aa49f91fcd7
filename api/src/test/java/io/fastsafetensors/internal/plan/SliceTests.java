// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.fastsafetensors.Part;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.oracle.PartOracle;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.Region;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Cuts follow the ceil rule, and the parts make up the tensor. */
class SliceTests {
  private static final List<Shape> SHAPES =
      List.of(
          Shape.of(1),
          Shape.of(8),
          Shape.of(24),
          Shape.of(16, 8),
          Shape.of(5, 3, 8),
          Shape.of(7, 1, 16),
          Shape.of(2, 3, 4, 5),
          Shape.of(40, 3),
          Shape.of(0, 4),
          Shape.of(4, 0, 3));

  @ParameterizedTest
  @CsvSource({
    "5, 4, '2, 2, 1, 0'",
    "10, 4, '3, 3, 3, 1'",
    "2, 4, '1, 1, 0, 0'",
    "8, 4, '2, 2, 2, 2'",
    "9, 8, '2, 2, 2, 2, 1, 0, 0, 0'",
    "0, 3, '0, 0, 0'",
    "7, 1, '7'"
  })
  void givesRanksTheCeilOfTheSize(long size, int ranks, String expected) {
    List<String> counts =
        IntStream.range(0, ranks)
            .mapToLong(rank -> slice(DType.F32, Shape.of(size, 3), 0, ranks, rank).shape().dim(0))
            .mapToObj(Long::toString)
            .toList();
    assertThat(String.join(", ", counts)).isEqualTo(expected);
  }

  @ParameterizedTest
  @EnumSource
  void partsOfEveryDimensionMakeUpTheTensor(DType dtype) {
    int cut = 0;
    for (Shape shape : SHAPES) {
      if (dtype.bitSize(shape.elements()) % Byte.SIZE != 0) {
        continue;
      }
      for (int dim = 0; dim < shape.dimensions(); dim++) {
        for (int ranks = 1; ranks <= 8; ranks++) {
          cut += joins(dtype, shape, dim, ranks) ? 1 : 0;
        }
      }
    }
    assertThat(cut).as("cuts that were not refused").isGreaterThan(40);
  }

  /** Cuts elements one by one and by slices; false if the cut is refused, on every rank alike. */
  private static boolean joins(DType dtype, Shape shape, int dim, int ranks) {
    Optional<List<Slice>> parts = cut(dtype, shape, dim, ranks);
    boolean mayRefuse = dtype.isSubByte() && ranks > 1;
    assertThat(parts.isPresent() || mayRefuse).as("%s %s dim %d", dtype, shape, dim).isTrue();
    if (parts.isEmpty()) {
      return false;
    }
    byte[] tensor = new byte[Math.toIntExact(dtype.byteSize(shape.elements()))];
    new Random(7).nextBytes(tensor);
    for (int rank = 0; rank < ranks; rank++) {
      Slice part = parts.get().get(rank);
      assertThat(gather(tensor, part))
          .as("%s %s along %d, rank %d of %d", dtype, shape, dim, rank, ranks)
          .isEqualTo(new PartOracle(dtype, shape, Part.shard(dim), ranks, rank).cut(tensor));
    }
    long total = parts.get().stream().mapToLong(part -> part.shape().dim(dim)).sum();
    assertThat(total).isEqualTo(shape.dim(dim));
    return true;
  }

  private static Optional<List<Slice>> cut(DType dtype, Shape shape, int dim, int ranks) {
    List<Optional<Slice>> parts =
        IntStream.range(0, ranks)
            .mapToObj(rank -> {
              try {
                return Optional.of(slice(dtype, shape, dim, ranks, rank));
              } catch (IllegalArgumentException e) {
                return Optional.<Slice>empty();
              }
            })
            .toList();
    assertThat(parts.stream().map(Optional::isPresent).distinct().count())
        .as("ranks that agree whether %s %s can be cut along %d", dtype, shape, dim)
        .isEqualTo(1);
    return parts.getFirst().isEmpty()
        ? Optional.empty()
        : Optional.of(parts.stream().map(Optional::orElseThrow).toList());
  }

  private static byte[] gather(byte[] tensor, Slice part) {
    byte[] bytes = new byte[Math.toIntExact(part.bytes())];
    for (Slice.PartRows partRows : part.partRows()) {
      Slice.Rows rows = partRows.rows();
      for (long row = 0; row < rows.rows(); row++) {
        int source = Math.toIntExact(rows.offset() + row * rows.pitch());
        int target = Math.toIntExact(partRows.to() + row * rows.rowBytes());
        System.arraycopy(tensor, source, bytes, target, Math.toIntExact(rows.rowBytes()));
      }
    }
    return bytes;
  }

  @Test
  void subBytePartsAreCutOnlyOnWholeBytes() {
    assertThat(slice(DType.F4, Shape.of(4, 6), 0, 2, 1).bytes()).isEqualTo(6);
    assertThat(slice(DType.F4, Shape.of(4, 8), 1, 4, 3).partRows().getFirst().rows().rowBytes())
        .isEqualTo(1);
    for (int rank = 0; rank < 4; rank++) {
      int refused = rank;
      assertThatExceptionOfType(IllegalArgumentException.class)
          .isThrownBy(() -> slice(DType.F4, Shape.of(2, 12), 1, 4, refused))
          .withMessage(
              "tensor 'w' F4 [2, 12]: 4 parts along dimension 1 don't start and end on whole bytes");
    }
  }

  @Test
  void aSubByteDimensionThatOneRankGetsWholeIsNotCut() {
    assertThat(slice(DType.F4, Shape.of(2, 1), 1, 4, 0).bytes()).isEqualTo(1);
    assertThat(slice(DType.F4, Shape.of(2, 1), 1, 4, 1).shape()).isEqualTo(Shape.of(2, 0));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4})
  void refusesDimensionsThatAreNotThereForAnyNumberOfRanks(int ranks) {
    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> slice(DType.F32, Shape.of(2, 3), 2, ranks, 0))
        .withMessage("tensor 'w' [2, 3] has no dimension 2: want 0 to 1");
    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> slice(DType.F32, Shape.of(2, 3), -2, ranks, 0));
    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> slice(DType.F32, Shape.of(), 0, ranks, 0))
        .withMessage("tensor 'w' [] has no dimension 0: want a tensor that is no scalar");
  }

  @Test
  void cutsTheLargestDimensionsWithoutOverflow() {
    Shape shape = Shape.of(0, Long.MAX_VALUE);
    assertThat(slice(DType.F64, shape, 1, 3, 2).shape().dim(1))
        .isEqualTo(Long.MAX_VALUE - 2 * Math.ceilDiv(Long.MAX_VALUE, 3L));
    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> slice(DType.F64, Shape.of(0, -1), 1, 3, 0))
        .withMessageContaining("too large to be cut");
    Slice huge = slice(DType.F64, Shape.of(3, 1L << 40), 0, 2, 0);
    assertThat(huge.bytes()).isEqualTo(2L << 43);
  }

  @Test
  void everyPartLiesInTheTensorsRegion() {
    try (Arena arena = Arena.ofConfined()) {
      DeviceBuffer buffer = DeviceBuffer.ofHost(arena.allocate(400), () -> {});
      Region tensor = Region.of(buffer, 16, 5 * 3 * 8 * 2);
      for (int dim = 0; dim < 3; dim++) {
        for (int rank = 0; rank < 4; rank++) {
          Slice part = slice(DType.F16, Shape.of(5, 3, 8), dim, 4, rank);
          Region region = part.in(tensor);
          assertThat(region.bytes()).isEqualTo(part.bytes());
          assertThat(region.offset()).isEqualTo(16 + part.begin());
        }
      }
    }
  }

  private static Slice slice(DType dtype, Shape shape, int dim, int ranks, int rank) {
    return new Parts("w", dtype, shape).slice(Part.shard(dim), ranks, rank);
  }
}
