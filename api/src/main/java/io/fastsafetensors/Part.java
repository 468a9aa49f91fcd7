// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import java.util.Arrays;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What is wanted of a tensor: all of it, nothing, a slice, a shard, or some rows. Immutable.
 *
 * <p>Whether a tensor has such a part is found when it is asked for, before any byte is read: a
 * range past the end, a dimension that it lacks, or elements smaller than a byte of which the part
 * would start or end within a byte are an {@code IllegalArgumentException}.
 *
 * @since 0.1
 */
public final class Part {
  /** Slices of further dimensions, which hardly a tensor has, are not written as in Python. */
  private static final int MOST_BRACKETS = 31;

  /** 2^64 by the golden ratio, by which hashes are commonly mixed. */
  private static final long MIXER = 0x9E3779B97F4A7C15L;

  private static final Part WHOLE = new Part(Kind.WHOLE, 0, -1, 0, new TreeMap<>(), new long[0]);

  private static final Part NONE = new Part(Kind.NONE, 0, -1, 0, new TreeMap<>(), new long[0]);

  /**
   * What a part is.
   *
   * @since 0.1
   */
  public enum Kind {
    /** All of the tensor. */
    WHOLE,
    /** Nothing: the rank doesn't get the tensor. */
    NONE,
    /** One of equal parts of a dimension. */
    SHARD,
    /** A range of each dimension. */
    SLICE,
    /** Rows of dimension 0, by index. */
    ROWS
  }

  /**
   * A range of a dimension, or of numbers in names ({@link Selection.Builder#numbered}).
   *
   * @param from the first index
   * @param to one past the last index
   * @since 0.1
   */
  public record Range(long from, long to) {
    /**
     * Checks the order.
     *
     * @throws IllegalArgumentException if from is negative, or after to
     */
    public Range {
      if (from < 0 || to < from) {
        throw new IllegalArgumentException(
            "range %s:%s: want 0 or more, and not to end before it begins".formatted(from, to));
      }
    }

    /** Returns {@code from:to}. */
    @Override
    public String toString() {
      return from + ":" + to;
    }
  }

  private final Kind kind;
  private final int dim;
  private final int rank;
  private final int ranks;
  private final SortedMap<Integer, Range> ranges;
  private final long[] rows;

  private Part(
      Kind kind, int dim, int rank, int ranks, SortedMap<Integer, Range> ranges, long[] rows) {
    this.kind = kind;
    this.dim = dim;
    this.rank = rank;
    this.ranks = ranks;
    this.ranges = Collections.unmodifiableSortedMap(ranges);
    this.rows = rows;
  }

  /**
   * Leaves the tensor whole: every rank gets all of it.
   *
   * @return the part
   */
  public static Part whole() {
    return WHOLE;
  }

  /**
   * Wants nothing of a tensor.
   *
   * @return the part, which only a {@link Selection} can have
   */
  public static Part none() {
    return NONE;
  }

  /**
   * Cuts a dimension into a part for each rank of the group: with S the size of the dimension, N
   * ranks and b = ceil(S / N), rank r gets [r*b, min((r+1)*b, S)). A rank past the end gets a
   * dimension of 0.
   *
   * @param dim the dimension, from 0
   * @return the part, of which each rank gets its own
   * @throws IllegalArgumentException if the dimension is negative
   */
  public static Part shard(int dim) {
    checkDim(dim);
    return new Part(Kind.SHARD, dim, -1, 0, new TreeMap<>(), new long[0]);
  }

  /**
   * Wants one of several shards, whichever rank asks; cut as {@link #shard(int)} does.
   *
   * @param dim the dimension, from 0
   * @param rank which shard, from 0
   * @param ranks how many shards
   * @return the part
   * @throws IllegalArgumentException if the dimension is negative, or there is no such shard
   */
  public static Part shard(int dim, int rank, int ranks) {
    checkDim(dim);
    if (rank < 0 || rank >= ranks) {
      throw new IllegalArgumentException("no shard " + rank + " of " + ranks);
    }
    return new Part(Kind.SHARD, dim, rank, ranks, new TreeMap<>(), new long[0]);
  }

  /**
   * Wants a range of one dimension, and all of the others; {@link #and} narrows those, too.
   *
   * @param dim the dimension, from 0
   * @param from the first index
   * @param to one past the last index; may be equal to {@code from}
   * @return the part
   * @throws IllegalArgumentException if the dimension or an index is negative, or the range ends
   *     before it begins
   */
  public static Part slice(int dim, long from, long to) {
    return new Part(Kind.SLICE, 0, -1, 0, new TreeMap<>(), new long[0]).and(dim, from, to);
  }

  /**
   * Narrows a {@link #slice} in another dimension.
   *
   * @param other the dimension, from 0
   * @param from the first index
   * @param to one past the last index
   * @return the narrower part
   * @throws IllegalArgumentException as {@link #slice}, or if the dimension has a range already
   * @throws IllegalStateException if this is no slice
   */
  public Part and(int other, long from, long to) {
    if (kind != Kind.SLICE) {
      throw new IllegalStateException(this + " is no slice, and has no further range");
    }
    checkDim(other);
    SortedMap<Integer, Range> more = new TreeMap<>(ranges);
    if (more.put(other, new Range(from, to)) != null) {
      throw new IllegalArgumentException("dimension " + other + " has two ranges");
    }
    return new Part(Kind.SLICE, 0, -1, 0, more, new long[0]);
  }

  /**
   * Wants rows of dimension 0 by index, such as some experts of a stacked tensor.
   *
   * @param indexes the rows, ascending, each once; copied
   * @return the part, whose dimension 0 is the number of indexes
   * @throws IllegalArgumentException if an index is negative, or not above the one before
   */
  public static Part rows(long... indexes) {
    long before = -1;
    for (long index : indexes) {
      if (index <= before) {
        throw new IllegalArgumentException(
            "row %s after row %s: want rows ascending from 0, each once".formatted(index, before));
      }
      before = index;
    }
    return new Part(Kind.ROWS, 0, -1, 0, new TreeMap<>(), indexes.clone());
  }

  private static void checkDim(int dim) {
    if (dim < 0) {
      throw new IllegalArgumentException("dimension " + dim + ": want 0 or more");
    }
  }

  /** {@return what this is} */
  public Kind kind() {
    return kind;
  }

  /**
   * Tells whether the tensor stays whole.
   *
   * @return true for {@link #whole}
   */
  public boolean isWhole() {
    return kind == Kind.WHOLE;
  }

  /**
   * Tells whether nothing is wanted.
   *
   * @return true for {@link #none}
   */
  public boolean isNone() {
    return kind == Kind.NONE;
  }

  /**
   * Returns the dimension that is cut into shards.
   *
   * @return from 0; empty for what is no shard
   */
  public OptionalInt shardDim() {
    return kind == Kind.SHARD ? OptionalInt.of(dim) : OptionalInt.empty();
  }

  /**
   * Returns how many shards there are.
   *
   * @return the number; empty for what is no shard, and where the group decides
   */
  public OptionalInt shardCount() {
    return ranks > 0 ? OptionalInt.of(ranks) : OptionalInt.empty();
  }

  /**
   * Returns which of the shards is wanted.
   *
   * @return from 0; empty for what is no shard, and where every rank gets its own
   */
  public OptionalInt shardRank() {
    return ranks > 0 ? OptionalInt.of(rank) : OptionalInt.empty();
  }

  /**
   * Returns the ranges of a slice.
   *
   * @return by dimension, of which those are absent that stay whole; empty for what is no slice;
   *     unmodifiable
   */
  public SortedMap<Integer, Range> ranges() {
    return ranges;
  }

  /**
   * Returns the rows.
   *
   * @return a copy of the indexes; empty for what has none
   */
  public long[] rows() {
    return rows.clone();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Part that
        && kind == that.kind
        && dim == that.dim
        && rank == that.rank
        && ranks == that.ranks
        && ranges.equals(that.ranges)
        && Arrays.equals(rows, that.rows);
  }

  @Override
  public int hashCode() {
    return Objects.hash(kind, dim, rank, ranks, rangesHash(), Arrays.hashCode(rows));
  }

  /** The sums that a map takes would be the same for many parts of a grid. */
  private int rangesHash() {
    long hash = 0;
    for (Map.Entry<Integer, Range> entry : ranges.entrySet()) {
      Range range = entry.getValue();
      hash = ((hash + entry.getKey()) * MIXER + range.from()) * MIXER + range.to();
    }
    return Long.hashCode(hash * MIXER);
  }

  /** Returns what is wanted, in words; two parts that differ have different texts. */
  @Override
  public String toString() {
    return switch (kind) {
      case WHOLE -> "whole";
      case NONE -> "none";
      case SHARD ->
          (ranks > 0 ? rank + " of " + ranks + " shards" : "shard") + " of dimension " + dim;
      case SLICE -> "slice " + brackets();
      case ROWS -> "rows " + Arrays.toString(rows);
    };
  }

  private String brackets() {
    if (ranges.lastKey() > MOST_BRACKETS) {
      return ranges.toString();
    }
    StringBuilder text = new StringBuilder("[");
    for (int i = 0; i <= ranges.lastKey(); i++) {
      Range range = ranges.get(i);
      text.append(i == 0 ? "" : ", ").append(range == null ? ":" : range);
    }
    return text.append(']').toString();
  }
}
