// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.spi.ByteRange;

/**
 * What one rank wants of a tensor.
 *
 * @param entry the tensor
 * @param dtype the type of what is wanted: that of the file, or bytes
 * @param slice which part
 */
public record WantedPart(CatalogEntry entry, DType dtype, Slice slice) {
  /** Wants a part. */
  public static WantedPart of(CatalogEntry entry, Slice slice) {
    return new WantedPart(entry, entry.info().dtype(), slice);
  }

  /** Wants all of a tensor. */
  public static WantedPart whole(CatalogEntry entry) {
    return of(entry, Slice.whole(entry.info().dtype(), entry.info().shape()));
  }

  /** Wants a run of a tensor's bytes. */
  static WantedPart bytes(CatalogEntry entry, ByteRange range) {
    return new WantedPart(entry, DType.U8, Slice.run(range));
  }

  /** Returns the tensor's name. */
  public String name() {
    return entry.info().name();
  }

  /** Returns the shape of what is wanted. */
  public Shape shape() {
    return slice.shape();
  }

  /** Returns the size of what is wanted, in bytes. */
  public long bytes() {
    return slice.bytes();
  }

  /** Returns where the part is in the file, from the first byte to the last. */
  public ByteRange range() {
    long start = entry.range().begin();
    return slice.bytes() == 0
        ? new ByteRange(start, start)
        : new ByteRange(start + slice.begin(), start + slice.end());
  }
}
