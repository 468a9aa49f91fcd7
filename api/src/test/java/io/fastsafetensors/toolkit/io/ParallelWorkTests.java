// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;

class ParallelWorkTests {
  @Test
  void everyRangeIsDoneOnce() {
    Map<Long, Long> done = new ConcurrentHashMap<>();
    ParallelWork.run(10, 4, (start, end) -> assertThat(done.put(start, end)).isNull());
    assertThat(done).containsExactlyInAnyOrderEntriesOf(Map.of(0L, 4L, 4L, 8L, 8L, 10L));
  }

  @Test
  void failuresAndWrongRangesAreThrown() {
    assertThatIllegalStateException()
        .isThrownBy(() ->
            ParallelWork.run(
                10,
                1,
                (start, end) -> {
                  throw new IllegalStateException("broken");
                }))
        .withMessage("broken");
    assertThatIllegalArgumentException().isThrownBy(() -> ParallelWork.run(1, 0, (a, b) -> {}));
  }
}
