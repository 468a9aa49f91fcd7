// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.groups.Tuple.tuple;

import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.toolkit.io.RangeLayout.Rules;
import io.fastsafetensors.toolkit.io.RangeLayout.Span;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class FileReadTests {
  private static final long BLOCK = 1 << 20;

  private static List<FileRead> reads(Rules rules, ByteRange... ranges) {
    RangePlan plan = RangePlan.of(Path.of("f"), 1L << 40, List.of(ranges));
    return FileRead.cut(RangeLayout.of(plan, rules), BLOCK, 0);
  }

  @Test
  void largeSpansAreCutAtBlocks() {
    assertThat(reads(Rules.builder().build(), new ByteRange(100, 2 * BLOCK + 5)))
        .extracting(FileRead::offset, FileRead::bytes)
        .containsExactly(tuple(100L, BLOCK - 100), tuple(BLOCK, BLOCK), tuple(2 * BLOCK, 5L));
  }

  @Test
  void smallPartsOfABlockShareARead() {
    List<FileRead> reads =
        reads(Rules.builder().alignment(64).build(), new ByteRange(3, 10), new ByteRange(10, 20));
    FileRead read = reads.getFirst();
    assertThat(reads).hasSize(1);
    assertThat(read.offset()).isEqualTo(3);
    assertThat(read.bytes()).isEqualTo(17);
    assertThat(read.parts()).isEqualTo(List.of(new Span(3, 0, 7), new Span(10, 64, 10)));
  }

  @Test
  void partsOfDifferentBlocksDoNotShare() {
    assertThat(
            reads(
                Rules.builder().alignment(64).build(),
                new ByteRange(BLOCK - 5, BLOCK - 1),
                new ByteRange(BLOCK + 1, BLOCK + 5)))
        .hasSize(2);
  }

  @Test
  void largeOrFarPartsDoNotShare() {
    Rules rules = Rules.builder().alignment(64).build();
    assertThat(reads(rules, new ByteRange(1, 100_000), new ByteRange(100_001, 100_003))).hasSize(2);
    assertThat(reads(rules, new ByteRange(1, 3), new ByteRange(100_001, 100_003))).hasSize(2);
  }
}
