// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.io;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.toolkit.io.RangeLayout.Rules;
import io.fastsafetensors.toolkit.io.RangeLayout.Span;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class HostTargetSplitTests {
  private static final Rules LINES =
      Rules.builder().alignment(64).alignFrom(64 << 10).maxGap(4096).build();

  @Test
  void partTakesRangesUpToItsSize() {
    List<RangeLayout> parts =
        HostTarget.split(
            plan(range(0, 60), range(60, 100), range(100, 199), range(199, 400)), LINES, 100);

    assertThat(parts).hasSize(3);
    assertThat(parts.get(0).spans()).containsExactly(new Span(0, 0, 100));
    assertThat(parts.get(1).spans()).containsExactly(new Span(100, 0, 99));
    assertThat(parts.get(2).spans()).containsExactly(new Span(199, 0, 201));
    assertThat(bytes(parts)).isEqualTo(400);
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
      List<RangeLayout> parts = HostTarget.split(plan(ranges), LINES, 100);
      assertThat(parts).as("%d bytes", total).allMatch(p -> p.bytes() >= 50);
      assertThat(parts).as("%d bytes", total).allMatch(p -> p.bytes() < 150);
    }
  }

  @Test
  void rangeLargerThanAPartIsOnePart() {
    assertThat(HostTarget.split(plan(range(0, 1000)), LINES, 100)).hasSize(1);
  }

  @Test
  void emptyRangesBelongToSomePart() {
    List<RangeLayout> parts =
        HostTarget.split(
            plan(range(0, 0), range(0, 200), range(200, 200), range(200, 300)), LINES, 100);

    assertThat(parts).hasSize(2);
    assertThat(bytes(parts)).isEqualTo(300);
    assertThat(HostTarget.split(plan(), LINES, 100)).hasSize(1);
  }

  @Test
  void largeRangesStartNewCacheLinesAndSmallOnesDoNot() {
    RangeLayout part =
        HostTarget.split(plan(range(7, 8), range(8, 10), range(10, 100_010)), LINES, 1 << 20)
            .getFirst();

    assertThat(part.spans()).containsExactly(new Span(7, 0, 3), new Span(10, 64, 100_000));
    assertThat(part.bufferAlignment()).isEqualTo(64);
  }

  @Test
  void alignmentAskedForHoldsForSmallRangesToo() {
    RangeLayout part =
        HostTarget.split(
                plan(range(7, 8), range(8, 10)),
                Rules.builder().alignment(4096).maxGap(4096).build(),
                1 << 20)
            .getFirst();

    assertThat(part.spans()).containsExactly(new Span(7, 0, 1), new Span(8, 4096, 2));
    assertThat(part.bufferAlignment()).isEqualTo(4096);
  }

  @Test
  void adjacentRangesBecomeOneReadHoweverMany() {
    List<ByteRange> ranges =
        IntStream.range(0, 100_000).mapToObj(i -> range(i * 100L, i * 100L + 100)).toList();
    RangeLayout part =
        HostTarget.split(RangePlan.of(Path.of("file"), 1L << 40, ranges), LINES, 1L << 30)
            .getFirst();

    assertThat(part.spans()).containsExactly(new Span(0, 0, 10_000_000));
  }

  private static long bytes(List<RangeLayout> parts) {
    return parts.stream().mapToLong(RangeLayout::bytes).sum();
  }

  private static RangePlan plan(ByteRange... ranges) {
    return RangePlan.of(Path.of("file"), 1L << 40, List.of(ranges));
  }

  private static ByteRange range(long begin, long end) {
    return new ByteRange(begin, end);
  }
}
