// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import java.util.List;

/**
 * What to load of one file whose rows are apart: they are copied out of chunks of the file.
 *
 * @param file the file
 * @param tensors what is wanted, in the order of the file
 * @param chunks runs of the tensors' bytes that together have all of it, in the order of the file
 */
public record GatherPlan(CatalogFile file, List<WantedPart> tensors, List<FilePlan> chunks) {
  /** Plans to gather parts of a file. */
  static GatherPlan of(CatalogFile file, List<WantedPart> parts, long chunkBytes) {
    return new GatherPlan(file, List.copyOf(parts), Chunks.of(file, parts, chunkBytes));
  }

  /** Returns the parts' size, in bytes. */
  public long bytes() {
    return tensors.stream().mapToLong(WantedPart::bytes).reduce(0, Math::addExact);
  }
}
