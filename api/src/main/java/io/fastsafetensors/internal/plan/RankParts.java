// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import io.fastsafetensors.Part;
import io.fastsafetensors.Selection;
import io.fastsafetensors.format.TensorInfo;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What every rank wants of every tensor of a catalog; the same on all ranks. */
public final class RankParts {
  /** If several ranks want less than one byte of so many, they don't share what they read. */
  private static final int WORTH_SHARING = 64;

  private final Catalog catalog;
  private final List<List<Part>> byRank;
  private final long chunkBytes;
  private final List<List<WantedPart>> wanted = new ArrayList<>();
  private @Nullable List<FilePlan> chunks;

  /**
   * Says what is wanted.
   *
   * @param catalog the tensors
   * @param byRank for each rank the part of each tensor, in the order of the catalog
   */
  public RankParts(Catalog catalog, List<List<Part>> byRank) {
    this(catalog, byRank, Chunks.BYTES);
  }

  /** Says what is wanted, and how much of a file is read at a time where rows are copied. */
  RankParts(Catalog catalog, List<List<Part>> byRank, long chunkBytes) {
    this.chunkBytes = chunkBytes;
    this.catalog = catalog;
    this.byRank = List.copyOf(byRank);
    for (int rank = 0; rank < byRank.size(); rank++) {
      wanted.add(wanted(rank));
    }
  }

  /**
   * Finds what a rank's selection wants of each tensor.
   *
   * @param selection the selection
   * @param catalog the tensors
   * @param ranks how many ranks there are
   * @param rank which of them it is
   * @return the part of each tensor, in the order of the catalog
   * @throws IllegalArgumentException if a rule of the selection asks for what no tensor has, or a
   *     tensor has no such part
   */
  public static List<Part> of(Selection selection, Catalog catalog, int ranks, int rank) {
    Optional<String> fault =
        NameFilter.fault(selection.unmatched(catalog.tensors()), catalog.keys());
    if (fault.isPresent()) {
      throw new IllegalArgumentException("selection: " + fault.get());
    }
    List<String> missing = selection.missing(catalog.tensors());
    if (!missing.isEmpty()) {
      throw new IllegalArgumentException("selection: " + String.join("; ", missing));
    }
    List<Part> parts = new ArrayList<>();
    for (CatalogEntry entry : catalog.entries()) {
      Part part = selection.part(entry.info());
      if (!part.isNone()) {
        var _ = slice(entry.info(), part, ranks, rank);
      }
      parts.add(part);
    }
    return parts;
  }

  private static Slice slice(TensorInfo tensor, Part part, int ranks, int rank) {
    return Parts.of(tensor).slice(part, ranks, rank);
  }

  /** Returns how many ranks there are. */
  public int ranks() {
    return byRank.size();
  }

  /** Returns for each rank the part of each tensor, in the order of the catalog. */
  public List<List<Part>> byRank() {
    return byRank;
  }

  /** Returns what one rank gets, in the order of the catalog, without what it wants nothing of. */
  public List<WantedPart> of(int rank) {
    return wanted.get(rank);
  }

  private List<WantedPart> wanted(int rank) {
    List<WantedPart> parts = new ArrayList<>();
    int i = 0;
    for (CatalogEntry entry : catalog.entries()) {
      Part part = byRank.get(rank).get(i++);
      if (!part.isNone()) {
        parts.add(WantedPart.of(entry, slice(entry.info(), part, ranks(), rank)));
      }
    }
    return Collections.unmodifiableList(parts);
  }

  /** Returns the tensors of which one rank wants something. */
  public Catalog catalog(int rank) {
    List<Part> parts = byRank.get(rank);
    int[] next = {0};
    return catalog.keep(_ -> !parts.get(next[0]++).isNone());
  }

  /** Plans what one rank reads if it reads by itself what it wants. */
  public LoadPlan plan(int rank) {
    return LoadPlan.of(of(rank), chunkBytes);
  }

  /** Returns how many bytes the ranks read if each reads by itself what it wants. */
  public long bytesOfEach() {
    long bytes = 0;
    for (int rank = 0; rank < ranks(); rank++) {
      bytes = Math.addExact(bytes, plan(rank).readBytes());
    }
    return bytes;
  }

  /** Returns how many bytes the ranks read if each byte is read once. */
  public long bytesOfAll() {
    return chunks().stream().mapToLong(FilePlan::bytes).reduce(0, Math::addExact);
  }

  /** Tells whether so much is wanted by several ranks that they had better share what they read. */
  public boolean isWorthSharing() {
    return isWorthSharing(bytesOfAll(), bytesOfEach());
  }

  /** Tells that of numbers that are known. */
  public static boolean isWorthSharing(long ofAll, long ofEach) {
    return ofEach - ofAll > ofAll / WORTH_SHARING;
  }

  /** Returns all that is wanted by any rank, in chunks: every byte is in one of them. */
  public synchronized List<FilePlan> chunks() {
    List<FilePlan> known = chunks;
    if (known == null) {
      known =
          allByFile().stream()
              .flatMap(
                  parts -> Chunks.of(parts.getFirst().entry().file(), parts, chunkBytes).stream())
              .toList();
      chunks = known;
    }
    return known;
  }

  private Collection<List<WantedPart>> allByFile() {
    Map<Integer, List<WantedPart>> byFile = new TreeMap<>();
    for (int rank = 0; rank < ranks(); rank++) {
      for (WantedPart part : of(rank)) {
        byFile.computeIfAbsent(part.entry().file().index(), _ -> new ArrayList<>()).add(part);
      }
    }
    return byFile.values();
  }
}
