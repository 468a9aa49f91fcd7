// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.oracle;

import io.fastsafetensors.Part;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import java.util.Arrays;
import java.util.BitSet;
import java.util.function.IntConsumer;

/**
 * What a rank's part of a tensor is, found by asking of each element whether the part has it. It
 * shares no code with the planner. Tests of several modules have it from the test jar of this one.
 */
public final class PartOracle {
  private final DType dtype;
  private final long[] dims;
  private final long elements;
  private final Part part;
  private final int ranks;
  private final int rank;

  /** For each dimension, which of its indexes the part has. */
  private final boolean[][] kept;

  /** Makes one for a rank's part of a tensor. */
  public PartOracle(DType dtype, Shape shape, Part part, int ranks, int rank) {
    this.dtype = dtype;
    this.dims = shape.dims();
    this.elements = Arrays.stream(dims).reduce(1, (a, b) -> a * b);
    this.part = part;
    this.ranks = ranks;
    this.rank = rank;
    this.kept = new boolean[dims.length][];
    for (int dim = 0; dim < dims.length; dim++) {
      kept[dim] = new boolean[(int) dims[dim]];
      for (int index = 0; index < dims[dim]; index++) {
        kept[dim][index] = has(dim, index);
      }
    }
  }

  /** Takes a part that is the same for all ranks out of a tensor. */
  public static byte[] cut(byte[] tensor, DType dtype, Shape shape, Part part) {
    return new PartOracle(dtype, shape, part, 1, 0).cut(tensor);
  }

  private boolean has(int dim, int index) {
    return switch (part.kind()) {
      case WHOLE -> true;
      case NONE -> false;
      case ROWS -> dim != 0 || Arrays.stream(part.rows()).anyMatch(row -> row == index);
      case SLICE -> {
        Part.Range range = part.ranges().get(dim);
        yield range == null || (range.from() <= index && index < range.to());
      }
      case SHARD -> {
        long shards = part.shardCount().orElse(ranks);
        long shard = part.shardRank().orElse(rank);
        long block = dims[dim] / shards + (dims[dim] % shards > 0 ? 1 : 0);
        yield dim != part.shardDim().orElseThrow()
            || (shard * block <= index && index < (shard + 1) * block);
      }
    };
  }

  /** Returns the part's shape. */
  public Shape shape() {
    long[] sizes = new long[dims.length];
    for (int dim = 0; dim < dims.length; dim++) {
      for (boolean has : kept[dim]) {
        sizes[dim] += has ? 1 : 0;
      }
    }
    return Shape.of(sizes);
  }

  /** Goes through the elements that the part has, in the order of the tensor. */
  private void forEach(IntConsumer element) {
    int[] index = new int[dims.length];
    for (int flat = 0; flat < elements; flat++) {
      boolean has = !part.isNone();
      for (int dim = 0; has && dim < dims.length; dim++) {
        has = kept[dim][index[dim]];
      }
      if (has) {
        element.accept(flat);
      }
      for (int dim = dims.length - 1; dim >= 0 && ++index[dim] == dims[dim]; dim--) {
        index[dim] = 0;
      }
    }
  }

  /** Returns the bytes of the tensor that the part has a bit of. */
  public BitSet bytes() {
    BitSet bytes = new BitSet();
    int bits = dtype.bits();
    forEach(element ->
        bytes.set(
            (int) ((long) element * bits / 8), (int) (((long) element * bits + bits + 7) / 8)));
    return bytes;
  }

  /** Tells whether the tensor has such a part, on whole bytes; the same for all ranks. */
  public boolean isWholeBytes() {
    return switch (part.kind()) {
      case WHOLE, NONE -> true;
      case SLICE -> hasWholeBytes();
      case ROWS -> shape().elements() == 0 || elements / dims[0] * dtype.bits() % Byte.SIZE == 0;
      case SHARD -> {
        int shards = part.shardCount().orElse(ranks);
        int dim = part.shardDim().orElseThrow();
        boolean whole = true;
        for (int shard = 0; shard < shards; shard++) {
          Part other = Part.shard(dim, shard, shards);
          whole &= new PartOracle(dtype, Shape.of(dims), other, 1, 0).hasWholeBytes();
        }
        yield whole;
      }
    };
  }

  private boolean hasWholeBytes() {
    BitSet bits = new BitSet();
    forEach(element -> bits.set(element * dtype.bits(), (element + 1) * dtype.bits()));
    return bits.cardinality() == bytes().cardinality() * Byte.SIZE;
  }

  /** Takes the part out of a tensor, element by element, or bit by bit. */
  public byte[] cut(byte[] tensor) {
    byte[] cut = new byte[(int) dtype.byteSize(shape().elements())];
    int[] to = {0};
    if (dtype.bits() % Byte.SIZE == 0) {
      int bytes = dtype.bits() / Byte.SIZE;
      forEach(element -> System.arraycopy(tensor, element * bytes, cut, to[0]++ * bytes, bytes));
      return cut;
    }
    forEach(element -> {
      for (int bit = element * dtype.bits(); bit < (element + 1) * dtype.bits(); bit++) {
        int value = tensor[bit / Byte.SIZE] >> (bit % Byte.SIZE) & 1;
        cut[to[0] / Byte.SIZE] |= (byte) (value << (to[0] % Byte.SIZE));
        to[0]++;
      }
    });
    return cut;
  }
}
