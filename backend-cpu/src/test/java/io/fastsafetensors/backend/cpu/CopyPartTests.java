// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.toolkit.io.RangeLayout.Span;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class CopyPartTests {
  @Test
  void partTakesRangesUpToItsSize() {
    List<CopyPart> parts =
        CopyPart.split(
            plan(range(0, 60), range(60, 100), range(100, 199), range(199, 400)), 0, 100);

    assertThat(parts).hasSize(3);
    assertThat(parts.get(0).layout().spans()).containsExactly(new Span(0, 0, 100));
    assertThat(parts.get(1).layout().spans()).containsExactly(new Span(100, 0, 99));
    assertThat(parts.get(2).layout().spans()).containsExactly(new Span(199, 0, 201));
    assertThat(CopyPart.bytes(parts)).isEqualTo(400);
  }

  /** What glibc would keep once it is freed. */
  @Test
  void noPartIsSmallerThanHalfOfItsSize() {
    for (long total = 50; total < 1000; total++) {
      long end = total;
      ByteRange[] ranges =
          LongStream.range(0, total / 7 + 1)
              .mapToObj(i -> range(i * 7, Math.min(end, i * 7 + 7)))
              .toArray(ByteRange[]::new);
      List<CopyPart> parts = CopyPart.split(plan(ranges), 0, 100);
      assertThat(parts).as("%d bytes", total).allMatch(p -> p.layout().bytes() >= 50);
      assertThat(parts).as("%d bytes", total).allMatch(p -> p.layout().bytes() < 150);
    }
  }

  @Test
  void rangeLargerThanAPartIsOnePart() {
    assertThat(CopyPart.split(plan(range(0, 1000)), 0, 100)).hasSize(1);
  }

  @Test
  void emptyRangesBelongToSomePart() {
    List<CopyPart> parts =
        CopyPart.split(plan(range(0, 0), range(0, 200), range(200, 200), range(200, 300)), 0, 100);

    assertThat(parts).hasSize(2);
    assertThat(CopyPart.bytes(parts)).isEqualTo(300);
    assertThat(CopyPart.split(plan(), 0, 100)).hasSize(1);
  }

  @Test
  void largeRangesStartNewCacheLinesAndSmallOnesDoNot() {
    CopyPart part =
        CopyPart.split(plan(range(7, 8), range(8, 10), range(10, 100_010)), 0, 1 << 20).getFirst();

    assertThat(part.layout().spans()).containsExactly(new Span(7, 0, 3), new Span(10, 64, 100_000));
    assertThat(part.bufferAlignment()).isEqualTo(64);
  }

  @Test
  void alignmentAskedForHoldsForSmallRangesToo() {
    CopyPart part = CopyPart.split(plan(range(7, 8), range(8, 10)), 4096, 1 << 20).getFirst();

    assertThat(part.layout().spans()).containsExactly(new Span(7, 0, 1), new Span(8, 4096, 2));
    assertThat(part.bufferAlignment()).isEqualTo(4096);
  }

  @Test
  void batchesAreAsLargeAsABlock() {
    CopyPart part = CopyPart.split(plan(range(0, 2500)), 0, 1 << 20).getFirst();

    assertThat(part.batches(1000))
        .containsExactly(
            List.of(new Span(0, 0, 1000)),
            List.of(new Span(1000, 1000, 1000)),
            List.of(new Span(2000, 2000, 500)));
  }

  @Test
  void smallReadsShareABatch() {
    List<ByteRange> ranges =
        IntStream.range(0, 1000).mapToObj(i -> range(i * 10_000L, i * 10_000L + 10)).toList();
    CopyPart part =
        CopyPart.split(RangePlan.of(Path.of("file"), 1L << 40, ranges), 0, 1 << 20).getFirst();

    List<List<Span>> batches = part.batches(1 << 20);

    assertThat(batches).hasSize(4).allMatch(batch -> batch.size() <= 256);
    assertThat(batches.stream().mapToInt(List::size).sum()).isEqualTo(1000);
  }

  @Test
  void adjacentRangesBecomeOneReadHoweverMany() {
    List<ByteRange> ranges =
        IntStream.range(0, 100_000).mapToObj(i -> range(i * 100L, i * 100L + 100)).toList();
    CopyPart part =
        CopyPart.split(RangePlan.of(Path.of("file"), 1L << 40, ranges), 0, 1L << 30).getFirst();

    assertThat(part.layout().spans()).containsExactly(new Span(0, 0, 10_000_000));
  }

  private static RangePlan plan(ByteRange... ranges) {
    return RangePlan.of(Path.of("file"), 1L << 40, List.of(ranges));
  }

  private static ByteRange range(long begin, long end) {
    return new ByteRange(begin, end);
  }
}
