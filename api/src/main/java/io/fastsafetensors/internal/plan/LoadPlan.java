// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * Which byte ranges of which files one rank reads.
 *
 * @param files what is one run of bytes in each file, in the catalog's order
 * @param gathers what is rows apart, in the catalog's order
 * @param bytes the size of all parts, in bytes
 */
public record LoadPlan(List<FilePlan> files, List<GatherPlan> gathers, long bytes) {
  private static final Comparator<WantedPart> BY_PLACE =
      Comparator.<WantedPart>comparingLong(part -> part.range().begin())
          .thenComparingLong(part -> part.range().end());

  /**
   * Plans one rank's reads of whole tensors of its own files.
   *
   * @param wanted the tensors wanted, of all ranks
   * @param rank the rank
   * @return the plan
   */
  public static LoadPlan of(Catalog wanted, int rank) {
    return of(
        wanted.entries().stream()
            .filter(entry -> entry.owner() == rank)
            .map(WantedPart::whole)
            .toList());
  }

  /**
   * Plans the reads of some parts.
   *
   * @param wanted the parts, in any order
   * @return the plan, in the order of files and bytes
   */
  public static LoadPlan of(List<WantedPart> wanted) {
    return of(wanted, Chunks.BYTES);
  }

  /** Plans the same with other chunks than the usual ones. */
  static LoadPlan of(List<WantedPart> wanted, long chunkBytes) {
    List<FilePlan> files = new ArrayList<>();
    List<GatherPlan> gathers = new ArrayList<>();
    for (List<WantedPart> parts : byFile(wanted)) {
      CatalogFile file = parts.getFirst().entry().file();
      List<WantedPart> runs = filter(parts, part -> part.slice().isContiguous());
      List<WantedPart> rows = filter(parts, part -> !part.slice().isContiguous());
      if (!runs.isEmpty()) {
        files.add(FilePlan.of(file, runs));
      }
      if (!rows.isEmpty()) {
        gathers.add(GatherPlan.of(file, rows, chunkBytes));
      }
    }
    long bytes = wanted.stream().mapToLong(WantedPart::bytes).reduce(0, Math::addExact);
    return new LoadPlan(List.copyOf(files), List.copyOf(gathers), bytes);
  }

  /**
   * Plans what a rank gets of chunks that it and others read.
   *
   * @param wanted what it gets, in the order of the catalog
   * @param own the chunks that it reads
   * @return the plan: of each file what the rank gets, and what it reads
   */
  static LoadPlan exchanged(List<WantedPart> wanted, List<FilePlan> own) {
    Map<CatalogFile, List<FilePlan>> chunks = new LinkedHashMap<>();
    own.forEach(chunk -> chunks.computeIfAbsent(chunk.file(), _ -> new ArrayList<>()).add(chunk));
    List<GatherPlan> files = new ArrayList<>();
    for (List<WantedPart> parts : byFile(wanted)) {
      CatalogFile file = parts.getFirst().entry().file();
      List<FilePlan> read = chunks.remove(file);
      files.add(new GatherPlan(file, List.copyOf(parts), read == null ? List.of() : read));
    }
    chunks.forEach((file, read) -> files.add(new GatherPlan(file, List.of(), read)));
    long bytes = wanted.stream().mapToLong(WantedPart::bytes).reduce(0, Math::addExact);
    return new LoadPlan(List.of(), List.copyOf(files), bytes);
  }

  private static Iterable<List<WantedPart>> byFile(List<WantedPart> wanted) {
    Map<Integer, List<WantedPart>> byFile = new TreeMap<>();
    for (WantedPart part : wanted) {
      byFile.computeIfAbsent(part.entry().file().index(), _ -> new ArrayList<>()).add(part);
    }
    byFile.values().forEach(parts -> parts.sort(BY_PLACE));
    return byFile.values();
  }

  private static List<WantedPart> filter(List<WantedPart> parts, Predicate<WantedPart> kept) {
    return parts.stream().filter(kept).toList();
  }

  /** Returns how many bytes of the files are read. */
  public long readBytes() {
    return bytes - gatheredBytes() + chunkBytes();
  }

  private long chunkBytes() {
    return gathers.stream()
        .flatMap(gather -> gather.chunks().stream())
        .mapToLong(FilePlan::bytes)
        .sum();
  }

  /**
   * Returns how many bytes are in memory as they were read, if chunks of so many bytes are at a
   * time.
   */
  public long heldBytes(long window) {
    return bytes - gatheredBytes() + Math.min(window, chunkBytes());
  }

  /** Returns how many bytes of memory are filled by copies of rows. */
  public long gatheredBytes() {
    return gathers.stream().mapToLong(GatherPlan::bytes).reduce(0, Math::addExact);
  }
}
