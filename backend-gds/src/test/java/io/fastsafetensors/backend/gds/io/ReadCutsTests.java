// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds.io;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.backend.gds.io.ReadCuts.Way;
import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.toolkit.io.FileRead;
import io.fastsafetensors.toolkit.io.RangeLayout;
import io.fastsafetensors.toolkit.io.RangeLayout.Span;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is read in which way: every byte once, whole pages only by cuFile. */
class ReadCutsTests {
  private static final long BLOCK = 1 << 20;
  private static final long TENSOR = 3 << 20;

  private static GdsTuning tuning(long smallest, long alignment) {
    return new GdsTuning(BLOCK, BLOCK / 4, smallest, alignment);
  }

  private static RangePlan plan(long fileSize, ByteRange... ranges) {
    return RangePlan.of(Path.of("file"), fileSize, List.of(ranges));
  }

  /** Checks what holds for all, and returns the reads. */
  private static ReadCuts reads(RangePlan plan, GdsTuning tuning) {
    RangeLayout layout = tuning.layout(plan);
    ReadCuts reads = ReadCuts.of(layout, plan.fileSize(), tuning);
    List<Span> parts = new ArrayList<>();
    for (FileRead read : reads.all()) {
      assertThat(read.offset() + read.bytes())
          .as("end of " + read)
          .isLessThanOrEqualTo(plan.fileSize());
      if (reads.way(read) == Way.STAGED) {
        assertThat(read.bytes()).isLessThanOrEqualTo(tuning.stagingBytes());
      } else {
        assertThat((read.offset() | read.bytes()) % GdsTuning.PAGE).as("pages of " + read).isZero();
        assertThat(read.bytes()).isLessThanOrEqualTo(tuning.blockBytes());
      }
      for (Span part : read.parts()) {
        assertThat(part.fileOffset()).isGreaterThanOrEqualTo(read.offset());
        assertThat(part.fileEnd()).isLessThanOrEqualTo(read.offset() + read.bytes());
        assertThat(part.bufferOffset() + part.bytes()).isLessThanOrEqualTo(layout.bytes());
        if (reads.way(read) == Way.STRAIGHT) {
          assertThat(part.bufferOffset() % GdsTuning.PAGE).isZero();
        }
        parts.add(part);
      }
    }
    checkEveryByteOnce(plan, layout, parts);
    return reads;
  }

  private static void checkEveryByteOnce(RangePlan plan, RangeLayout layout, List<Span> parts) {
    long end = 0;
    for (Span part : parts) {
      assertThat(part.bufferOffset()).as("places of parts").isGreaterThanOrEqualTo(end);
      end = part.bufferOffset() + part.bytes();
    }
    for (int i = 0; i < plan.ranges().size(); i++) {
      ByteRange range = plan.ranges().get(i);
      long shift = layout.offset(i) - range.begin();
      long covered = 0;
      for (Span part : parts) {
        if (part.bufferOffset() - part.fileOffset() == shift) {
          long from = Math.max(part.fileOffset(), range.begin());
          covered += Math.max(0, Math.min(part.fileEnd(), range.end()) - from);
        }
      }
      assertThat(covered).as("bytes of " + range).isEqualTo(range.size());
    }
  }

  private static long bytes(ReadCuts reads, Way way) {
    return reads.all().stream()
        .filter(read -> reads.way(read) == way)
        .flatMap(read -> read.parts().stream())
        .mapToLong(Span::bytes)
        .sum();
  }

  static LongStream residues() {
    return LongStream.concat(LongStream.range(0, 17), LongStream.of(104, 4088, 4095, 4096, 4104));
  }

  @Test
  void headersOfEveryResidueAreReadWholeAndAligned() {
    residues()
        .forEach(header -> {
          RangePlan plan = plan(header + TENSOR, new ByteRange(header, header + TENSOR));
          GdsTuning tuning = tuning(GdsTuning.PAGE, 0);
          ReadCuts reads = reads(plan, tuning);
          Way way = header % 16 == 0 ? Way.STRAIGHT : Way.SCRATCH;
          assertThat(bytes(reads, way)).isGreaterThanOrEqualTo(TENSOR - 2 * GdsTuning.PAGE);
          assertThat(tuning.layout(plan).offset(0) % 16).isZero();
        });
  }

  @ParameterizedTest
  @ValueSource(longs = {16, 256, 4096})
  void anAlignmentAskedForIsKeptForSmallRangesToo(long alignment) {
    RangePlan plan =
        plan(
            3 * TENSOR,
            new ByteRange(8, 100),
            new ByteRange(104, TENSOR),
            new ByteRange(TENSOR, 3 * TENSOR));
    GdsTuning tuning = tuning(GdsTuning.PAGE, alignment);
    reads(plan, tuning);
    RangeLayout layout = tuning.layout(plan);
    assertThat(layout.offset(0) % alignment).isZero();
    assertThat(layout.offset(1) % alignment).isZero();
    assertThat(layout.offset(2) % alignment).isZero();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 4095, 4096, 4097, 8191, 1_000_001, (5L << 30) + 7})
  void onlyWhatIsPastTheLastWholePageIsStaged(long size) {
    ReadCuts reads = reads(plan(size, new ByteRange(0, size)), tuning(GdsTuning.PAGE, 0));
    assertThat(bytes(reads, Way.STAGED)).isEqualTo(size % GdsTuning.PAGE);
    assertThat(bytes(reads, Way.STRAIGHT)).isEqualTo(size - size % GdsTuning.PAGE);
  }

  @Test
  void nothingIsReadForNothing() {
    assertThat(reads(plan(0), tuning(0, 0)).all()).isEmpty();
    assertThat(reads(plan(100, new ByteRange(7, 7)), tuning(0, 0)).all()).isEmpty();
  }

  @Test
  void rangesBelowTheThresholdAreStagedTogether() {
    List<ByteRange> many = new ArrayList<>();
    for (long at = 0; at < 1000 * 100; at += 100) {
      many.add(new ByteRange(at, at + 60));
    }
    RangePlan plan = plan(TENSOR, many.toArray(ByteRange[]::new));
    ReadCuts reads = reads(plan, tuning(BLOCK, 0));
    assertThat(reads.all()).hasSize(1).allMatch(read -> reads.way(read) == Way.STAGED);
    assertThat(reads(plan, tuning(BLOCK, 4096)).all()).hasSize(1);
  }

  @Test
  void rangesFarApartAreReadApart() {
    RangePlan plan =
        plan(
            8 * TENSOR,
            new ByteRange(10, 20),
            new ByteRange(4 * TENSOR, 6 * TENSOR),
            new ByteRange(7 * TENSOR + 1, 7 * TENSOR + 2));
    ReadCuts reads = reads(plan, tuning(BLOCK, 0));
    assertThat(reads.all())
        .extracting(reads::way)
        .containsOnly(Way.STAGED, Way.STRAIGHT)
        .startsWith(Way.STAGED)
        .endsWith(Way.STAGED);
  }
}
