// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import io.fastsafetensors.Part;
import io.fastsafetensors.format.DType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Cuts a part of a tensor into pieces, each one run of the part's elements, that side by side are
 * the part.
 */
final class PartPieces {
  private final DType dtype;
  private final Part.Range[] ranges;
  private final long most;
  private final List<Part> pieces = new ArrayList<>();

  private PartPieces(DType dtype, Part.Range[] ranges, long most) {
    this.dtype = dtype;
    this.ranges = ranges;
    this.most = most;
  }

  /**
   * Cuts a part.
   *
   * @param tensor the tensor
   * @param part what is wanted of it, not empty
   * @param ranks how many ranks there are
   * @param rank which of them it is for
   * @param most the most bytes of a piece; an element that takes more is a piece
   * @return the pieces, in row-major order
   * @throws IllegalArgumentException if elements take no whole bytes, and can't be cut so
   */
  static List<Part> of(Parts tensor, Part part, int ranks, int rank, long most) {
    if (part.kind() == Part.Kind.ROWS) {
      return ofRows(tensor, part.rows(), most);
    }
    Part.Range[] ranges = tensor.bounds(part, ranks, rank);
    for (int dim = 0; dim < ranges.length; dim++) {
      ranges[dim] = ranges[dim] == null ? new Part.Range(0, tensor.shape().dim(dim)) : ranges[dim];
    }
    return of(tensor, ranges, most);
  }

  private static List<Part> of(Parts tensor, Part.Range[] ranges, long most) {
    if (ranges.length == 0) {
      return List.of(Part.whole());
    }
    PartPieces pieces = new PartPieces(tensor.dtype(), ranges, most);
    pieces.cut(0);
    return pieces.pieces;
  }

  private static List<Part> ofRows(Parts tensor, long[] rows, long most) {
    long rowBytes = tensor.slice(Part.rows(rows[0]), 1, 0).bytes();
    List<Part> pieces = new ArrayList<>();
    int step = Math.toIntExact(Math.min(rows.length, most / rowBytes));
    if (step > 0) {
      for (int at = 0; at < rows.length; at += step) {
        pieces.add(Part.rows(Arrays.copyOfRange(rows, at, Math.min(rows.length, at + step))));
      }
      return pieces;
    }
    for (long row : rows) {
      Part one = Part.slice(0, row, row + 1);
      pieces.addAll(of(tensor, one, 1, 0, most));
    }
    return pieces;
  }

  /** Cuts a dimension, of which all outer ones are down to one index. */
  private void cut(int dim) {
    Part.Range range = ranges[dim];
    long rowBits = rowBits(dim);
    boolean isInnermost = dim == ranges.length - 1;
    long step = Math.max(most / Math.max(1, Math.ceilDiv(rowBits, Byte.SIZE)), isInnermost ? 1 : 0);
    if (step == 0) {
      for (long index = range.from(); index < range.to(); index++) {
        ranges[dim] = new Part.Range(index, index + 1);
        cut(dim + 1);
      }
    } else {
      long whole = wholeBytes(step, rowBits);
      for (long at = range.from(); at < range.to(); ) {
        long to = Math.min(range.to() - at, whole) + at;
        ranges[dim] = new Part.Range(at, to);
        pieces.add(piece());
        at = to;
      }
    }
    ranges[dim] = range;
  }

  /** Returns a number of rows near to one that takes whole bytes. */
  private static long wholeBytes(long rows, long rowBits) {
    long grain = Byte.SIZE / Math.min(Byte.SIZE, Long.lowestOneBit(rowBits));
    return Math.max(grain, rows / grain * grain);
  }

  private long rowBits(int dim) {
    long bits = dtype.bits();
    for (int inner = dim + 1; inner < ranges.length; inner++) {
      bits = Math.multiplyExact(bits, ranges[inner].to() - ranges[inner].from());
    }
    return bits;
  }

  private Part piece() {
    Part piece = Part.slice(0, ranges[0].from(), ranges[0].to());
    for (int dim = 1; dim < ranges.length; dim++) {
      piece = piece.and(dim, ranges[dim].from(), ranges[dim].to());
    }
    return piece;
  }
}
