// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import io.fastsafetensors.Distribution;
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
import java.util.function.Function;

/**
 * Counts what the ranks of a group would read: {@link PartPlan} says what counts. Where ranks share
 * a host it counts as if they exchanged chunks: who finds another's chunks in the page cache reads
 * nothing of its own there.
 */
public final class PartPlanner {
  /** What one rank reads of a file. */
  private static final class Counted {
    private final CatalogFile file;
    private final List<ByteRange> ranges = new ArrayList<>();
    private long tensors;
    private long bytes;

    Counted(CatalogFile file) {
      this.file = file;
    }

    void add(List<WantedPart> parts) {
      tensors += parts.size();
      bytes += parts.stream().mapToLong(WantedPart::bytes).sum();
    }

    FileReads reads() {
      List<ByteRange> runs = ByteRuns.joined(ranges);
      long read = runs.stream().mapToLong(ByteRange::size).sum();
      return FileReads.of(file.source().path(), tensors, bytes, read, runs.size());
    }
  }

  private PartPlanner() {}

  /**
   * Plans a load.
   *
   * @param all the tensors
   * @param options what each rank loads
   * @return the plan
   * @throws IllegalArgumentException if what has to be the same for all ranks is not, a pattern
   *     matches nothing, or a tensor has no such part
   */
  public static PartPlan plan(Catalog all, List<LoadOptions> options) {
    RankParts parts = parts(filtered(all, options), options);
    Distribution how = distribution(options.getFirst().distribution(), parts);
    Map<Integer, List<ByteRange>> ofAll = new TreeMap<>();
    List<RankReads> ranks = new ArrayList<>();
    for (int rank = 0; rank < options.size(); rank++) {
      Collection<Counted> own = count(LoadPlan.of(parts.of(rank)));
      own.forEach(file ->
          ofAll
              .computeIfAbsent(file.file.index(), _ -> new ArrayList<>())
              .addAll(ByteRuns.joined(file.ranges)));
      Collection<Counted> read =
          how == Distribution.LOCAL ? own : count(exchanged(how, parts, rank));
      ranks.add(RankReads.of(read.stream().map(Counted::reads).toList()));
    }
    return PartPlan.of(how, ranks, covered(ofAll, 1), covered(ofAll, 2));
  }

  /** Returns the tensors that all ranks load something of. */
  static Catalog filtered(Catalog all, List<LoadOptions> options) {
    checkSame("filters", options, LoadOptions::filters);
    checkSame("distribution", options, LoadOptions::distribution);
    return all.filter(new NameFilter(options.getFirst().filters()));
  }

  /** Finds what each rank wants of them. */
  static RankParts parts(Catalog catalog, List<LoadOptions> options) {
    List<List<Part>> wanted = new ArrayList<>();
    for (LoadOptions own : options) {
      Selection selection = own.selection().orElseGet(Selection::all);
      wanted.add(RankParts.of(selection, catalog, options.size(), wanted.size()));
    }
    return new RankParts(catalog, wanted);
  }

  /** Checks what has to be the same for all ranks. */
  static <T> void checkSame(String what, List<T> options, Function<T, Object> value) {
    Object first = value.apply(options.getFirst());
    for (int rank = 1; rank < options.size(); rank++) {
      Object own = value.apply(options.get(rank));
      if (!own.equals(first)) {
        throw new IllegalArgumentException(
            "%s %s of rank %s, %s of rank 0: want the same for all ranks"
                .formatted(what, own, rank, first));
      }
    }
  }

  /** Chooses as a load does whose ranks all have the files. */
  static Distribution distribution(Distribution asked, RankParts parts) {
    if (parts.ranks() == 1) {
      return Distribution.LOCAL;
    }
    if (asked != Distribution.AUTO) {
      return asked;
    }
    return parts.isWorthSharing() ? Distribution.SHARED : Distribution.LOCAL;
  }

  private static LoadPlan exchanged(Distribution how, RankParts parts, int rank) {
    ExchangePlan exchange =
        how == Distribution.OWNER ? ExchangePlan.byOwner(parts) : ExchangePlan.shared(parts);
    return exchange.of(parts.of(rank), rank);
  }

  private static Collection<Counted> count(LoadPlan plan) {
    Map<Integer, Counted> byFile = new TreeMap<>();
    for (FilePlan file : plan.files()) {
      Counted counted = byFile.computeIfAbsent(file.file().index(), _ -> new Counted(file.file()));
      counted.add(file.tensors());
      counted.ranges.addAll(file.ranges().ranges());
    }
    for (GatherPlan file : plan.gathers()) {
      Counted counted = byFile.computeIfAbsent(file.file().index(), _ -> new Counted(file.file()));
      counted.add(file.tensors());
      file.chunks().forEach(chunk -> counted.ranges.addAll(chunk.ranges().ranges()));
    }
    return byFile.values();
  }

  private static long covered(Map<Integer, List<ByteRange>> byFile, int ranks) {
    return byFile.values().stream().mapToLong(file -> ByteRuns.coveredBytes(file, ranks)).sum();
  }
}
