// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import io.fastsafetensors.Distribution;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.StreamOptions;
import io.fastsafetensors.WindowPlan;
import io.fastsafetensors.WindowPlan.Largest;
import java.util.List;
import java.util.function.ToLongFunction;

/** Tells from headers how a group's stream would go through its window. */
public final class StreamPlanner {
  private StreamPlanner() {}

  /**
   * Plans a stream, also one that doesn't fit.
   *
   * @param all the tensors
   * @param options how each rank streams
   * @param converted the size of what a part is converted to; 0 if it stays as it is
   * @throws IllegalArgumentException if what has to be the same for all ranks is not, a pattern
   *     matches nothing, or a tensor has no such part
   */
  public static WindowPlan plan(
      Catalog all, List<StreamOptions> options, ToLongFunction<WantedPart> converted) {
    StreamOptions first = options.getFirst();
    PartPlanner.checkSame("pieces", options, StreamOptions::pieces);
    PartPlanner.checkSame("order", options, StreamOptions::order);
    List<LoadOptions> loads = options.stream().map(StreamOptions::load).toList();
    Catalog ordered = StreamPlan.ordered(PartPlanner.filtered(all, loads), first.order());
    RankParts parts = PartPlanner.parts(ordered, loads);
    boolean isRead =
        PartPlanner.distribution(first.load().distribution(), parts) == Distribution.LOCAL;
    WindowSizes sizes = new WindowSizes(window(options), isRead ? 0 : options.size());
    StreamPlan plan =
        StreamPlan.draft(
            new StreamPlan.Wanted(
                ordered, parts.byRank(), 0, sizes, first.pieces(), isRead, converted));
    return WindowPlan.of(
        sizes.window(),
        plan.fits(),
        plan.steps().size(),
        plan.largest().map(StreamPlan.Room::window).orElse(0L),
        plan.largest().map(room -> Largest.of(room.entry().info(), room.bytes())));
  }

  private static long window(List<StreamOptions> options) {
    return options.stream().mapToLong(WindowSizes::asked).min().orElseThrow();
  }
}
