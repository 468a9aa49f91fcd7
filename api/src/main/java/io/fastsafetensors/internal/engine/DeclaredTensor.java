// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.internal.save.Content;
import io.fastsafetensors.internal.save.Extent;
import io.fastsafetensors.internal.save.FileSave;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;

/** A tensor, or the part of one that this rank has, whose bytes are brought; thread-safe. */
final class DeclaredTensor {
  private final TensorSpec spec;
  private final DType to;
  private final int file;

  /** Where the bytes go, by where they start in what is brought. */
  private final NavigableMap<Long, Extent> extents = new TreeMap<>();

  private final ByteIntervals taken = new ByteIntervals();

  /**
   * Makes one of which nothing has come.
   *
   * @param tensor the whole tensor
   * @param part what is brought of it
   * @param to its type in the file
   * @param file which of the files it is in
   * @param extents where in the file its bytes go; none if another rank writes them
   */
  DeclaredTensor(TensorSpec tensor, AddedPart part, DType to, int file, List<Extent> extents) {
    this.spec = new TensorSpec(tensor.name(), tensor.dtype(), part.shape());
    this.to = to;
    this.file = file;
    extents.forEach(extent -> this.extents.put(extent.offset(), extent));
  }

  /** Checks that what comes is of the tensor that was declared. */
  void check(DType dtype, Shape shape) {
    if (dtype != spec.dtype() || !shape.equals(spec.shape())) {
      throw new IllegalArgumentException(
          "tensor %s was declared, what comes is %s %s".formatted(spec, dtype, shape));
    }
  }

  /** Notes that bytes come, which none may do twice. */
  synchronized void take(long offset, long count) {
    if (offset < 0 || count > spec.bytes() || offset > spec.bytes() - count) {
      throw new IllegalArgumentException(
          "tensor %s has %s bytes: %s from %s on can't come"
              .formatted(spec, spec.bytes(), count, offset));
    }
    if (to != spec.dtype() && (offset | count) * Byte.SIZE % spec.dtype().bits() != 0) {
      throw new IllegalArgumentException(
          "tensor %s: %s bytes from %s on are not whole elements, so that they can't be converted"
              .formatted(spec, count, offset));
    }
    if (!taken.add(offset, offset + count)) {
      throw new IllegalArgumentException(
          "tensor %s: of %s bytes from %s on some came before".formatted(spec, count, offset));
    }
  }

  /** Returns what is still to come, in bytes. */
  synchronized long missing() {
    return spec.bytes() - taken.bytes();
  }

  /** Writes bytes that have come to their places. */
  void put(long offset, Content.Placed bytes, long count, FileSave files) throws IOException {
    Content.Placed written = ConvertedContent.of(bytes, spec.dtype(), to);
    long from = writtenBytes(offset);
    long until = from + writtenBytes(count);
    for (Extent extent : extentsFrom(from)) {
      long begin = Math.max(from, extent.offset());
      long end = Math.min(until, extent.offset() + extent.bytes());
      if (begin >= end) {
        break;
      }
      files.put(file, extent, begin - extent.offset(), written, begin - from, end - begin);
    }
  }

  private Collection<Extent> extentsFrom(long offset) {
    Long first = extents.floorKey(offset);
    return extents.tailMap(first == null ? offset : first).values();
  }

  /** Returns what bytes are in the file. */
  private long writtenBytes(long bytes) {
    return to == spec.dtype() ? bytes : to.byteSize(bytes * Byte.SIZE / spec.dtype().bits());
  }

  @Override
  public String toString() {
    return spec.toString();
  }
}
