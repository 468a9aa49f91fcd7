// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.spi.Region;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** How many bytes ranks that are threads copy. */
class LocalCopyTests {
  @Test
  void scatterCopiesEachByteOnceAndNothingElse() throws Exception {
    AtomicLong copied = new AtomicLong();
    Ranks.all(
        4,
        rank -> {
          Region whole = rank.counted(4_000, 1);
          List<Region> columns =
              List.of(column(whole, 0), column(whole, 1), column(whole, 2), column(whole, 3));
          Region part = rank.zeros(1_000);
          rank.group()
              .scatter(
                  rank.number() == 0 ? columns : List.of(),
                  part,
                  0,
                  HookedStream.before(rank.stream(), from -> copied.addAndGet(from.bytes())));
          assertThat(rank.bytes(part)[10]).isEqualTo(Rank.countedByte(40 + 10 * rank.number(), 1));
        });
    assertThat(copied).hasValue(4_000);
  }

  private static Region column(Region whole, int index) {
    return new Region(whole.buffer(), 10L * index, 100, 10, 40);
  }
}
