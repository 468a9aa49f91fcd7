// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import io.fastsafetensors.spi.RangePlan;
import java.nio.file.Path;
import java.util.List;

/**
 * What to load of one file.
 *
 * @param file the file
 * @param tensors what is wanted, each part one run of bytes, in the order of the file
 * @param ranges where they are; as many as tensors
 */
public record FilePlan(CatalogFile file, List<WantedPart> tensors, RangePlan ranges) {
  /** Plans to load parts of a file that are one run of bytes each. */
  static FilePlan of(CatalogFile file, List<WantedPart> parts) {
    List<WantedPart> tensors = List.copyOf(parts);
    return new FilePlan(
        file,
        tensors,
        RangePlan.of(
            file.source().path(),
            file.header().fileSize(),
            tensors.stream().map(WantedPart::range).toList()));
  }

  /** Returns the file's path, as the caller gave it. */
  public Path path() {
    return ranges.file();
  }

  /** Returns the parts' size, in bytes. */
  public long bytes() {
    return ranges.bytes();
  }
}
