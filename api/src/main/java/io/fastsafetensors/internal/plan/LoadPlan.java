// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import io.fastsafetensors.spi.RangePlan;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Which byte ranges of which files one rank reads.
 *
 * @param files the rank's files that have wanted tensors, in the catalog's order
 * @param bytes the tensors' size, in bytes
 */
public record LoadPlan(List<FilePlan> files, long bytes) {
  /**
   * Plans one rank's reads.
   *
   * @param wanted the tensors wanted, of all ranks
   * @param rank the rank
   * @return the plan
   */
  public static LoadPlan of(Catalog wanted, int rank) {
    Map<Integer, List<CatalogEntry>> byFile = new HashMap<>();
    for (CatalogEntry entry : wanted.entries()) {
      if (entry.owner() == rank) {
        byFile.computeIfAbsent(entry.file().index(), _ -> new ArrayList<>()).add(entry);
      }
    }
    List<FilePlan> files =
        wanted.files().stream()
            .filter(file -> byFile.containsKey(file.index()))
            .map(file -> filePlan(file, byFile.getOrDefault(file.index(), List.of())))
            .toList();
    return new LoadPlan(files, files.stream().mapToLong(f -> f.ranges().bytes()).sum());
  }

  private static FilePlan filePlan(CatalogFile file, List<CatalogEntry> tensors) {
    RangePlan ranges =
        new RangePlan(
            file.source().path(),
            file.header().fileSize(),
            tensors.stream().map(CatalogEntry::range).toList());
    return new FilePlan(file, List.copyOf(tensors), ranges);
  }
}
