// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import io.fastsafetensors.Part;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.format.TensorInfo;
import io.fastsafetensors.internal.plan.Slice.Rows;
import io.fastsafetensors.internal.text.Printable;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds where a part of a tensor is.
 *
 * @param tensor its name, for messages
 * @param dtype its type
 * @param shape its shape
 */
public record Parts(String tensor, DType dtype, Shape shape) {
  /** One dimension of a part: how many steps, and how far apart they are, in bits. */
  private record Loop(long count, long strideBits) {}

  /** Takes what the file says of a tensor. */
  public static Parts of(TensorInfo tensor) {
    return new Parts(tensor.name(), tensor.dtype(), tensor.shape());
  }

  /**
   * Returns one rank's part.
   *
   * @param part what is wanted; not nothing
   * @param ranks how many ranks there are
   * @param rank which of them it is for
   * @return where it is
   * @throws IllegalArgumentException if the tensor has no such part, or any rank's shard of it
   *     doesn't start and end on whole bytes
   */
  public Slice slice(Part part, int ranks, int rank) {
    return switch (part.kind()) {
      case WHOLE -> Slice.whole(dtype, shape);
      case NONE -> throw new IllegalArgumentException("nothing is wanted of " + this);
      case SHARD -> shard(part, ranks, rank);
      case SLICE -> strided(bounds(part, ranks, rank), part.toString());
      case ROWS -> rows(part);
    };
  }

  private Slice shard(Part part, int ranks, int rank) {
    int dim = part.shardDim().orElseThrow();
    int count = part.shardCount().orElse(ranks);
    Part.Range[] own = bounds(part, ranks, rank);
    long block = Math.ceilDiv(shape.dim(dim), count);
    // All ranks refuse if one has to, so that none waits for the others.
    if (block < shape.dim(dim)) {
      String what = count + " parts along dimension " + dim;
      var _ = strided(bounds(dim, 0, block), what);
      return strided(own, what);
    }
    return strided(own, "a shard");
  }

  /**
   * Returns the range of each dimension that a part has; null for a dimension of which it has all.
   *
   * @param part a part that is no rows by index
   * @throws IllegalArgumentException if the tensor has no such part
   */
  Part.Range[] bounds(Part part, int ranks, int rank) {
    if (part.kind() == Part.Kind.SHARD) {
      int dim = part.shardDim().orElseThrow();
      checkDim(dim);
      long size = shape.dim(dim);
      long block = Math.ceilDiv(size, part.shardCount().orElse(ranks));
      long from = Math.min(size, part.shardRank().orElse(rank) * block);
      return bounds(dim, from, from + Math.min(size - from, block));
    }
    Part.Range[] bounds = new Part.Range[shape.dimensions()];
    part.ranges()
        .forEach((dim, range) -> {
          checkDim(dim);
          if (range.to() > shape.dim(dim)) {
            throw new IllegalArgumentException(
                "tensor %s: range %s of dimension %s ends past its size, %s"
                    .formatted(this, range, dim, shape.dim(dim)));
          }
          bounds[dim] = range;
        });
    return bounds;
  }

  /**
   * Returns a rank's part as what it has of each dimension that isn't whole.
   *
   * @param part whole, a shard or a slice
   * @return whole, or a slice
   * @throws IllegalArgumentException if the tensor has no such part
   */
  public Part resolved(Part part, int ranks, int rank) {
    Part.Range[] bounds = bounds(part, ranks, rank);
    Part resolved = Part.whole();
    for (int dim = 0; dim < bounds.length; dim++) {
      Part.Range own = bounds[dim];
      if (own != null && own.to() - own.from() < shape.dim(dim)) {
        resolved =
            resolved.isWhole()
                ? Part.slice(dim, own.from(), own.to())
                : resolved.and(dim, own.from(), own.to());
      }
    }
    return resolved;
  }

  private Part.Range[] bounds(int dim, long from, long to) {
    Part.Range[] bounds = new Part.Range[shape.dimensions()];
    bounds[dim] = new Part.Range(from, to);
    return bounds;
  }

  private Slice rows(Part part) {
    long[] rows = part.rows();
    checkDim(0);
    if (rows.length > 0 && rows[rows.length - 1] >= shape.dim(0)) {
      throw new IllegalArgumentException(
          "tensor %s has no row %s: dimension 0 has %s"
              .formatted(this, rows[rows.length - 1], shape.dim(0)));
    }
    Shape kept = shape.withDim(0, rows.length);
    if (kept.elements() == 0) {
      return new Slice(kept, StridedBlocks.NONE);
    }
    long rowBits = Math.multiplyExact(shape.elements() / shape.dim(0), dtype.bits());
    checkBytes(rowBits, "rows by index");
    return new Slice(kept, IndexedBlocks.of(rows, rowBits / Byte.SIZE));
  }

  /** Makes the slice that has a range of each dimension; all of those without one. */
  private Slice strided(Part.Range[] bounds, String what) {
    Shape kept = shape;
    for (int dim = 0; dim < bounds.length; dim++) {
      kept = bounds[dim] == null ? kept : kept.withDim(dim, bounds[dim].to() - bounds[dim].from());
    }
    if (kept.elements() == 0) {
      return new Slice(kept, StridedBlocks.NONE);
    }
    long offset = 0;
    long stride = dtype.bits();
    long run = stride;
    boolean inRun = true;
    List<Loop> loops = new ArrayList<>(); // the innermost first
    for (int dim = bounds.length - 1; dim >= 0; dim--) {
      long size = shape.dim(dim);
      long count = kept.dim(dim);
      offset += bounds[dim] == null ? 0 : bounds[dim].from() * stride;
      if (inRun) {
        run *= count;
        inRun = count == size;
      } else {
        add(loops, new Loop(count, stride));
      }
      stride = Math.multiplyExact(stride, size);
    }
    return strided(kept, offset, run, loops, what);
  }

  /** Adds an outer dimension; one that goes on where the one before ends becomes part of that. */
  private static void add(List<Loop> loops, Loop outer) {
    if (outer.count == 1) {
      return;
    }
    Loop inner = loops.isEmpty() ? null : loops.getLast();
    if (inner != null && inner.count * inner.strideBits == outer.strideBits) {
      loops.removeLast();
      loops.add(new Loop(inner.count * outer.count, inner.strideBits));
    } else {
      loops.add(outer);
    }
  }

  private Slice strided(Shape kept, long offset, long run, List<Loop> loops, String what) {
    checkBytes(offset, what);
    checkBytes(run, what);
    loops.forEach(loop -> checkBytes(loop.strideBits, what));
    long bytes = run / Byte.SIZE;
    Rows first =
        loops.isEmpty()
            ? new Rows(offset / Byte.SIZE, 1, bytes, bytes)
            : new Rows(
                offset / Byte.SIZE,
                loops.getFirst().count,
                bytes,
                loops.getFirst().strideBits / Byte.SIZE);
    List<Loop> outer = loops.isEmpty() ? loops : loops.subList(1, loops.size()).reversed();
    return new Slice(
        kept,
        new StridedBlocks(
            first,
            outer.stream().mapToLong(Loop::count).toArray(),
            outer.stream().mapToLong(loop -> loop.strideBits / Byte.SIZE).toArray()));
  }

  private void checkBytes(long bits, String what) {
    if (bits % Byte.SIZE != 0) {
      throw new IllegalArgumentException(
          "tensor %s: %s don't start and end on whole bytes".formatted(this, what));
    }
  }

  /**
   * Checks that the tensor has a dimension that can be cut.
   *
   * @throws IllegalArgumentException if it hasn't
   */
  public void checkDim(int dim) {
    if (dim < 0 || dim >= shape.dimensions()) {
      throw new IllegalArgumentException(
          "tensor %s %s has no dimension %s: want %s"
              .formatted(
                  Printable.quote(tensor),
                  shape,
                  dim,
                  shape.dimensions() == 0
                      ? "a tensor that is no scalar"
                      : "0 to " + (shape.dimensions() - 1)));
    }
    if (shape.dim(dim) < 0) {
      throw new IllegalArgumentException(
          "tensor %s %s: dimension %s is too large to be cut"
              .formatted(Printable.quote(tensor), shape, dim));
    }
  }

  /** Returns name, type and shape, for messages. */
  @Override
  public String toString() {
    return Printable.quote(tensor) + " " + dtype + " " + shape;
  }
}
