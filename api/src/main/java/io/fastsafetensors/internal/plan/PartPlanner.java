// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Part;
import io.fastsafetensors.PartPlan;
import io.fastsafetensors.PartPlan.FileReads;
import io.fastsafetensors.PartPlan.RankReads;
import io.fastsafetensors.Selection;
import io.fastsafetensors.spi.ByteRange;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Counts what the ranks of a group would read. */
public final class PartPlanner {
  /** The runs of bytes that all ranks read, by the number of the file. */
  private final Map<Integer, List<ByteRange>> runs = new TreeMap<>();

  private PartPlanner() {}

  /**
   * Plans a load.
   *
   * @param all the tensors
   * @param options what each rank loads
   * @return the plan
   * @throws IllegalArgumentException if filters differ, a pattern matches nothing, or a tensor has
   *     no such part
   */
  public static PartPlan plan(Catalog all, List<LoadOptions> options) {
    checkFilters(options);
    Catalog catalog = all.filter(new NameFilter(options.getFirst().filters()));
    List<List<Part>> wanted = new ArrayList<>();
    for (LoadOptions own : options) {
      Selection selection = own.selection().orElseGet(Selection::all);
      wanted.add(RankParts.of(selection, catalog, options.size(), wanted.size()));
    }
    RankParts parts = new RankParts(catalog, wanted);
    PartPlanner planner = new PartPlanner();
    List<RankReads> ranks = new ArrayList<>();
    for (int rank = 0; rank < options.size(); rank++) {
      ranks.add(planner.reads(parts.of(rank)));
    }
    long once = 0;
    long overlap = 0;
    for (List<ByteRange> file : planner.runs.values()) {
      once = Math.addExact(once, ByteRuns.coveredBytes(file, 1));
      overlap = Math.addExact(overlap, ByteRuns.coveredBytes(file, 2));
    }
    return PartPlan.of(ranks, once, overlap);
  }

  private static void checkFilters(List<LoadOptions> options) {
    List<String> first = options.getFirst().filters();
    for (int rank = 1; rank < options.size(); rank++) {
      List<String> own = options.get(rank).filters();
      if (!own.equals(first)) {
        throw new IllegalArgumentException(
            "rank %s filters %s, rank 0 %s: all ranks of a load have to filter alike, what they want of the rest is their selection's"
                .formatted(rank, own, first));
      }
    }
  }

  private RankReads reads(List<WantedPart> wanted) {
    List<FileReads> files = new ArrayList<>();
    for (List<WantedPart> parts : LoadPlan.byFile(wanted)) {
      CatalogFile file = parts.getFirst().entry().file();
      List<ByteRange> read = ByteRuns.joined(ranges(LoadPlan.of(parts)));
      runs.computeIfAbsent(file.index(), _ -> new ArrayList<>()).addAll(read);
      files.add(
          FileReads.of(
              file.source().path(),
              parts.size(),
              parts.stream().mapToLong(WantedPart::bytes).reduce(0, Math::addExact),
              read.stream().mapToLong(ByteRange::size).reduce(0, Math::addExact),
              read.size()));
    }
    return RankReads.of(files);
  }

  private static List<ByteRange> ranges(LoadPlan plan) {
    List<ByteRange> ranges = new ArrayList<>();
    plan.files().forEach(file -> ranges.addAll(file.ranges().ranges()));
    plan.gathers().stream()
        .map(GatherPlan::chunks)
        .flatMap(Collection::stream)
        .forEach(chunk -> ranges.addAll(chunk.ranges().ranges()));
    return ranges;
  }
}
