// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import io.fastsafetensors.format.TensorInfo;
import io.fastsafetensors.spi.ByteRange;
import java.util.Comparator;

/**
 * A tensor of a catalog.
 *
 * @param file the file that it is in
 * @param info what the file says of it
 */
public record CatalogEntry(CatalogFile file, TensorInfo info) {
  /** The order of files and bytes; equal on all ranks. */
  public static final Comparator<CatalogEntry> BY_PLACE =
      Comparator.<CatalogEntry>comparingInt(entry -> entry.file().index())
          .thenComparingLong(entry -> entry.info().begin())
          .thenComparing(entry -> entry.info().name());

  /** Returns where its bytes are, from the start of the file. */
  public ByteRange range() {
    long dataOffset = file.header().dataOffset();
    return new ByteRange(dataOffset + info.begin(), dataOffset + info.end());
  }

  /** Returns the rank that reads it. */
  public int owner() {
    return file.source().rank();
  }
}
