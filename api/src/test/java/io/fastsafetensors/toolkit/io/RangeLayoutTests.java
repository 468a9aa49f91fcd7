// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.toolkit.io.RangeLayout.Rules;
import io.fastsafetensors.toolkit.io.RangeLayout.Span;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RangeLayoutTests {
  private static final Rules PACKED = Rules.builder().build();

  @Test
  void adjacentRangesShareASpan() {
    RangeLayout layout = layout(PACKED, range(100, 150), range(150, 151), range(151, 400));

    assertThat(layout.spans()).containsExactly(new Span(100, 0, 300));
    assertThat(offsets(layout, 3)).containsExactly(0, 50, 51);
    assertThat(layout.bytes()).isEqualTo(300);
  }

  @Test
  void gapIsReadAlongUpToTheGivenSize() {
    Rules rules = Rules.builder().maxGap(10).build();

    assertThat(layout(rules, range(0, 5), range(15, 20)).spans())
        .containsExactly(new Span(0, 0, 20));
    assertThat(layout(rules, range(0, 5), range(16, 20)).spans())
        .containsExactly(new Span(0, 0, 5), new Span(16, 5, 4));
  }

  @Test
  void alignmentBreaksSpansWhereTheFileHasItNot() {
    RangeLayout layout =
        layout(Rules.builder().alignment(64).build(), range(7, 71), range(71, 75), range(75, 1000));

    assertThat(layout.spans()).containsExactly(new Span(7, 0, 68), new Span(75, 128, 925));
    assertThat(offsets(layout, 3)).containsExactly(0, 64, 128);
    assertThat(layout.bufferAlignment()).isEqualTo(64);
  }

  @Test
  void smallRangesNeedNoAlignment() {
    RangeLayout layout =
        layout(
            Rules.builder().alignment(64).alignFrom(100).build(),
            range(0, 3),
            range(3, 102),
            range(102, 202));

    assertThat(layout.spans()).containsExactly(new Span(0, 0, 102), new Span(102, 128, 100));
  }

  @Test
  void grainWidensSpansInFileAndBuffer() {
    RangeLayout layout =
        layout(
            Rules.builder().grain(4096).build(),
            range(5000, 6000),
            range(9000, 9001),
            range(50000, 50001));

    assertThat(layout.spans())
        .containsExactly(new Span(4096, 0, 8192), new Span(49152, 8192, 4096));
    assertThat(offsets(layout, 3)).containsExactly(904, 4904, 8192 + 848);
    assertThat(layout.spans()).allMatch(span -> span.isOnGrain(4096));
  }

  @Test
  void alignmentThatTheFileContradictsLeavesTheGrain() {
    RangeLayout layout =
        layout(
            Rules.builder().alignment(64).grain(4096).build(),
            range(4100, 5000),
            range(8192, 9000),
            range(12352, 12353));

    assertThat(layout.spans()).containsExactly(new Span(4100, 0, 900), new Span(8192, 4096, 8192));
    assertThat(layout.spans().getFirst().isOnGrain(4096)).isFalse();
    assertThat(layout.offset(2)).isEqualTo(8192 + 64);
  }

  @Test
  void emptyRangesTakeNothing() {
    RangeLayout layout =
        layout(Rules.builder().alignment(64).build(), range(3, 3), range(3, 10), range(10, 10));

    assertThat(layout.spans()).containsExactly(new Span(3, 0, 7));
    assertThat(offsets(layout, 3)).containsExactly(0, 0, 0);
    assertThat(layout(PACKED, range(3, 3)).bytes()).isZero();
    assertThat(layout(PACKED).spans()).isEmpty();
  }

  @Test
  void blocksAreCutAtMultiplesInTheFile() {
    RangeLayout layout = layout(PACKED, range(10, 35), range(100, 101));

    assertThat(layout.blocks(16))
        .containsExactly(
            new Span(10, 0, 6), new Span(16, 6, 16), new Span(32, 22, 3), new Span(100, 25, 1));
    assertThatIllegalArgumentException().isThrownBy(() -> layout.blocks(0));
  }

  @Test
  void sizesPassFourGibibytes() {
    long tib = 1L << 40;
    RangeLayout layout =
        layout(
            Rules.builder().alignment(4096).grain(4096).build(),
            range(4096, tib),
            range(2 * tib, 3 * tib));

    assertThat(layout.bytes()).isEqualTo(2 * tib - 4096);
    assertThat(layout.offset(1)).isEqualTo(tib - 4096);
    assertThat(layout.blocks(1L << 30)).hasSize(2048);
  }

  @Test
  void regionsAreThoseOfTheRanges() {
    RangeLayout layout =
        layout(Rules.builder().alignment(8).build(), range(1, 4), range(4, 4), range(4, 9));
    DeviceBuffer buffer = DeviceBuffer.ofHost(Arena.global().allocate(13), () -> {});

    assertThat(layout.bytes()).isEqualTo(13);
    assertThat(layout.regions(buffer))
        .containsExactly(Region.of(buffer, 0, 3), Region.of(buffer, 0, 0), Region.of(buffer, 8, 5));
  }

  @Test
  void rulesWantPowersOfTwo() {
    assertThatIllegalArgumentException().isThrownBy(() -> Rules.builder().alignment(0).build());
    assertThatIllegalArgumentException().isThrownBy(() -> Rules.builder().grain(3).build());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Rules.builder().alignment(Long.MIN_VALUE).build());
    assertThatIllegalArgumentException().isThrownBy(() -> Rules.builder().maxGap(-1).build());
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void everyRangeIsWhereItsSpanBringsIt(long seed) {
    Random random = new Random(seed);
    for (int round = 0; round < 500; round++) {
      long alignment = 1L << random.nextInt(8);
      long grain = 1L << random.nextInt(8);
      Rules rules =
          Rules.builder()
              .alignment(alignment)
              .alignFrom(random.nextInt(40))
              .maxGap(random.nextInt(100))
              .grain(grain)
              .build();
      checkPlaces(randomPlan(random), rules, 1 + random.nextInt(200));
    }
  }

  private static void checkPlaces(RangePlan plan, Rules rules, long blockBytes) {
    RangeLayout layout = RangeLayout.of(plan, rules);
    checkSpans(layout, rules);
    long[] source = LongStream.range(0, plan.fileSize() + rules.grain()).toArray();
    long[] target = new long[Math.toIntExact(layout.bytes())];
    for (Span block : layout.blocks(blockBytes)) {
      System.arraycopy(
          source,
          (int) block.fileOffset(),
          target,
          (int) block.bufferOffset(),
          (int) block.bytes());
    }
    for (int i = 0; i < plan.ranges().size(); i++) {
      ByteRange range = plan.ranges().get(i);
      for (long b = 0; b < range.size(); b++) {
        assertThat(target[(int) (layout.offset(i) + b)]).isEqualTo(range.begin() + b);
      }
      if (range.size() >= rules.alignFrom()) {
        assertThat(layout.offset(i) % rules.alignment()).as("%s %s", rules, plan).isZero();
      }
    }
  }

  private static void checkSpans(RangeLayout layout, Rules rules) {
    long end = 0;
    for (Span span : layout.spans()) {
      assertThat(span.bufferOffset()).isGreaterThanOrEqualTo(end);
      assertThat(span.bytes()).isPositive();
      if (rules.alignment() == 1) {
        assertThat(span.isOnGrain(rules.grain())).isTrue();
      }
      end = span.bufferOffset() + span.bytes();
    }
    assertThat(layout.bytes()).isEqualTo(end);
  }

  private static RangePlan randomPlan(Random random) {
    List<ByteRange> ranges = new ArrayList<>();
    long at = random.nextInt(50);
    for (int i = random.nextInt(30); i > 0; i--) {
      long end = at + random.nextInt(100);
      ranges.add(range(at, end));
      at = end + (random.nextBoolean() ? 0 : random.nextInt(150));
    }
    return RangePlan.of(Path.of("random"), at, ranges);
  }

  private static RangeLayout layout(Rules rules, ByteRange... ranges) {
    return RangeLayout.of(RangePlan.of(Path.of("file"), 1L << 50, List.of(ranges)), rules);
  }

  private static ByteRange range(long begin, long end) {
    return new ByteRange(begin, end);
  }

  private static long[] offsets(RangeLayout layout, int ranges) {
    return LongStream.range(0, ranges).map(i -> layout.offset((int) i)).toArray();
  }
}
