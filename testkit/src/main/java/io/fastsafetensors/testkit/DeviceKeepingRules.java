// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext.Keeping;
import io.fastsafetensors.spi.Region;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * The rule D-117: memory that is kept for allocations to come.
 *
 * @since 0.1
 */
public interface DeviceKeepingRules extends DeviceRules {
  /** Large enough for contexts that keep large memory only. */
  long BUFFER = 5_000_003;

  /** Rule D-117: what is allocated while memory is kept is memory as any other. */
  @Test
  default void required_d117_keptMemoryIsMemoryAsAnyOther() {
    DeviceBench.use(
        "D-117",
        this,
        (bench, rule) -> {
          try (Keeping _ = bench.context.keep(4 * BUFFER)) {
            Deque<DeviceBuffer> open = new ArrayDeque<>();
            List<DeviceBuffer> closed = new ArrayList<>();
            for (int round = 0; round < 12; round++) {
              open.add(bench.filled(BUFFER, round));
              bench.settle();
              checkHasEnded(rule, closed, open.getLast().address());
              if (open.size() > 2) {
                closed.add(open.getFirst());
                check(bench, rule, open.removeFirst(), round - 2);
              }
            }
            check(bench, rule, open.removeFirst(), 10);
            check(bench, rule, open.removeFirst(), 11);
          }
        });
  }

  /** Rule D-117: buffers outlive the keeping, which ends once and leaves a context that works. */
  @Test
  default void required_d117_buffersOutliveTheKeeping() {
    DeviceBench.use(
        "D-117",
        this,
        (bench, rule) -> {
          Keeping keeping = bench.context.keep(4 * BUFFER);
          DeviceBuffer freed = bench.filled(BUFFER, 1);
          DeviceBuffer buffer = bench.filled(BUFFER, 2);
          bench.settle();
          freed.close();
          rule.allows(
              "the end of a keeping, twice",
              () -> {
                keeping.close();
                keeping.close();
                return true;
              });
          DeviceBuffer later = bench.filled(BUFFER, 3);
          bench.settle();
          check(bench, rule, buffer, 2);
          check(bench, rule, later, 3);
        });
  }

  private static void check(DeviceBench bench, Rule rule, DeviceBuffer buffer, long seed)
      throws LoadException {
    byte[] wanted = DeviceBench.pattern(seed, BUFFER);
    DeviceBench.same(rule, wanted, bench.read(Region.of(buffer)), "a buffer that was in use");
    buffer.close();
  }

  /** Who closed a buffer has no way to memory that is another's now. */
  private static void checkHasEnded(Rule rule, List<DeviceBuffer> closed, long address) {
    for (DeviceBuffer buffer : closed) {
      boolean isReachable;
      try {
        isReachable = buffer.address() == address;
      } catch (IllegalStateException e) {
        isReachable = false;
      }
      rule.check(!isReachable, "a closed buffer tells the address of memory that is in use");
    }
  }
}
