// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.spi.IoSession;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.spi.RangePlan;
import java.util.ArrayList;
import java.util.List;

/** Plans of all shapes over one file: empty, unaligned, adjacent, with gaps, many. */
final class RangeShapes {
  private static final Rule RULE = new Rule("IO-103");
  private static final long BYTES = 300_001;

  private RangeShapes() {}

  static List<RangePlan> of(SampleFile file) {
    return List.of(
        file.whole(),
        file.plan(),
        file.plan(range(0, 0)),
        file.plan(range(100, 100), range(100, 100), range(BYTES, BYTES)),
        file.plan(range(0, 1)),
        file.plan(range(BYTES - 1, BYTES)),
        file.plan(range(3, 100_003)),
        file.plan(range(0, 1000), range(1000, 1000), range(1000, 70_000), range(70_000, BYTES)),
        file.plan(range(7, 8), range(5000, 5001), range(200_000, 300_000)),
        manySmall(file));
  }

  private static RangePlan manySmall(SampleFile file) {
    List<ByteRange> ranges = new ArrayList<>();
    for (long at = 1; at + 1000 < BYTES; at += 1000) {
      ranges.add(range(at, at + at % 911));
    }
    return RangePlan.of(file.path(), file.bytes(), ranges);
  }

  private static ByteRange range(long begin, long end) {
    return new ByteRange(begin, end);
  }

  /** Reads all of them, and an empty file, in one session. */
  static void readAll(IoBench bench) throws Exception {
    SampleFile file = bench.folder.write(BYTES);
    SampleFile empty = bench.folder.write(0);
    try (IoSession session = bench.blocks(65_536).session()) {
      for (RangePlan plan : of(file)) {
        read(bench, session, file, plan);
      }
      read(bench, session, empty, empty.whole());
    }
  }

  private static void read(IoBench bench, IoSession session, SampleFile file, RangePlan plan)
      throws Exception {
    LoadedRanges loaded =
        RULE.allows("loading " + plan.ranges().size() + " ranges", () -> bench.load(session, plan));
    bench.check(RULE, file, plan, loaded);
    IoBench.release(loaded);
  }
}
