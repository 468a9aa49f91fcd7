// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Which rank reads which chunks, and which of their bytes every rank gets; the same on all ranks.
 */
public final class ExchangePlan {
  /** How many chunks a rank's own reads are ahead of those it finds in the page cache. */
  private static final int BEHIND = 3;

  private final List<List<FilePlan>> chunks;
  private final List<Map<String, Slice>> wanted = new ArrayList<>();

  private ExchangePlan(RankParts parts, List<List<FilePlan>> chunks) {
    this.chunks = chunks;
    for (int rank = 0; rank < parts.ranks(); rank++) {
      Map<String, Slice> slices = new HashMap<>();
      parts.of(rank).forEach(part -> slices.put(part.name(), part.slice()));
      wanted.add(slices);
    }
  }

  /**
   * Rows that one rank gets of a chunk.
   *
   * @param run which run of bytes of the chunk they are in
   * @param tensor the tensor that they are of
   * @param partRows where they are in it, and in the rank's part
   */
  public record Move(int run, String tensor, Slice.PartRows partRows) {
    /** Tells whether two ranks get the same bytes of a chunk. */
    public static boolean haveSameSource(List<Move> some, List<Move> others) {
      if (some.size() != others.size()) {
        return false;
      }
      for (int i = 0; i < some.size(); i++) {
        boolean isSame =
            some.get(i).run == others.get(i).run
                && some.get(i).partRows.rows().equals(others.get(i).partRows.rows());
        if (!isSame) {
          return false;
        }
      }
      return true;
    }
  }

  /** Plans that every file is read by its owner. */
  public static ExchangePlan byOwner(RankParts parts) {
    List<List<FilePlan>> chunks = empty(parts.ranks());
    for (FilePlan chunk : parts.chunks()) {
      chunks.get(chunk.file().source().rank()).add(chunk);
    }
    return new ExchangePlan(parts, chunks);
  }

  /** Plans that every rank reads about as many bytes, of neighbouring chunks. */
  public static ExchangePlan shared(RankParts parts) {
    List<List<FilePlan>> chunks = empty(parts.ranks());
    List<FilePlan> all = parts.chunks();
    long total = all.stream().mapToLong(FilePlan::bytes).reduce(0, Math::addExact);
    long share = Math.max(1, Math.ceilDiv(total, parts.ranks()));
    long before = 0;
    for (FilePlan chunk : all) {
      long middle = before + chunk.bytes() / 2;
      chunks.get((int) Math.min(middle / share, parts.ranks() - 1)).add(chunk);
      before += chunk.bytes();
    }
    return new ExchangePlan(parts, chunks);
  }

  private static List<List<FilePlan>> empty(int ranks) {
    List<List<FilePlan>> chunks = new ArrayList<>();
    for (int rank = 0; rank < ranks; rank++) {
      chunks.add(new ArrayList<>());
    }
    return chunks;
  }

  /** Returns the chunks that a rank reads, in their order. */
  public List<FilePlan> chunks(int rank) {
    return chunks.get(rank);
  }

  /** Returns how many chunks the busiest rank reads. */
  public int rounds() {
    return chunks.stream().mapToInt(List::size).max().orElse(0);
  }

  /** Returns what a rank gets of a chunk, in the order of the file. */
  public List<Move> moves(FilePlan chunk, int rank) {
    List<Move> moves = new ArrayList<>();
    for (int run = 0; run < chunk.tensors().size(); run++) {
      WantedPart bytes = chunk.tensors().get(run);
      Slice slice = wanted.get(rank).get(bytes.name());
      if (slice != null) {
        for (Slice.PartRows partRows : slice.within(bytes.slice().begin(), bytes.slice().end())) {
          moves.add(new Move(run, bytes.name(), partRows));
        }
      }
    }
    return moves;
  }

  /**
   * Plans what one rank reads and gets.
   *
   * @param wanted what it gets, in the order of the catalog
   * @param rank the rank
   * @return for each file the parts that it gets and the chunks that it reads
   */
  public LoadPlan of(List<WantedPart> wanted, int rank) {
    return LoadPlan.exchanged(wanted, chunks(rank));
  }

  /**
   * Plans what is left to read for one rank when it has passed the chunks of {@link #passing}.
   *
   * @param wanted what it gets, in the order of the catalog
   * @return the plan: parts that are one run of bytes are read; of rows that are apart, none
   */
  public LoadPlan afterPassing(List<WantedPart> wanted) {
    LoadPlan plan = LoadPlan.of(wanted);
    List<GatherPlan> gathers =
        plan.gathers().stream()
            .map(gather -> new GatherPlan(gather.file(), gather.tensors(), List.of()))
            .toList();
    return new LoadPlan(plan.files(), gathers, plan.bytes());
  }

  /**
   * Returns the chunks that a rank passes where all ranks have one page cache: its own, which it
   * reads from storage, and among them those of other ranks with rows for it, each when its reader
   * is likely to have it.
   *
   * @param wanted what the rank gets
   * @param rank the rank
   * @return the chunks, in order
   */
  public List<FilePlan> passing(List<WantedPart> wanted, int rank) {
    Set<String> rows =
        wanted.stream()
            .filter(part -> !part.slice().isContiguous())
            .map(WantedPart::name)
            .collect(Collectors.toSet());
    List<FilePlan> passed = new ArrayList<>();
    for (int round = 0; round < rounds() + BEHIND; round++) {
      for (int i = 0; i < chunks.size(); i++) {
        int reader = (rank + i) % chunks.size();
        List<FilePlan> read = chunks.get(reader);
        int next = i == 0 ? round : round - BEHIND;
        if (next >= 0 && next < read.size() && (i == 0 || hasAny(read.get(next), rows))) {
          passed.add(read.get(next));
        }
      }
    }
    return passed;
  }

  private static boolean hasAny(FilePlan chunk, Set<String> names) {
    return chunk.tensors().stream().anyMatch(run -> names.contains(run.name()));
  }
}
