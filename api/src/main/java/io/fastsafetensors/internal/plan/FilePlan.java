// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import io.fastsafetensors.spi.RangePlan;
import java.nio.file.Path;
import java.util.List;

/**
 * What to load of one file.
 *
 * @param file the file
 * @param tensors the tensors wanted, in the order of their bytes
 * @param ranges where they are; as many as tensors
 */
public record FilePlan(CatalogFile file, List<CatalogEntry> tensors, RangePlan ranges) {
  /** Returns the file's path, as the caller gave it. */
  public Path path() {
    return ranges.file();
  }

  /** Returns the tensors' size, in bytes. */
  public long bytes() {
    return ranges.bytes();
  }
}
