// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.spi.RangePlan;
import java.util.ArrayList;
import java.util.LinkedHashMap;
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
    Map<Integer, List<CatalogEntry>> byFile = new LinkedHashMap<>();
    for (CatalogEntry entry : wanted.entries()) {
      if (entry.owner() == rank) {
        byFile.computeIfAbsent(entry.file().index(), _ -> new ArrayList<>()).add(entry);
      }
    }
    List<FilePlan> files = byFile.values().stream().map(LoadPlan::filePlan).toList();
    return new LoadPlan(files, files.stream().mapToLong(FilePlan::bytes).reduce(0, Math::addExact));
  }

  private static FilePlan filePlan(List<CatalogEntry> tensors) {
    CatalogFile file = tensors.getFirst().file();
    List<ByteRange> ranges = tensors.stream().map(CatalogEntry::range).toList();
    return new FilePlan(
        file,
        List.copyOf(tensors),
        RangePlan.of(file.source().path(), file.header().fileSize(), ranges));
  }
}
