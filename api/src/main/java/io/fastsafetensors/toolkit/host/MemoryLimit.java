// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.host;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One of the limits on the host memory of this process, at a moment; immutable.
 *
 * @since 0.1
 */
public final class MemoryLimit {
  private static final long LEAST_MARGIN = 32L << 20;
  private static final long MOST_MARGIN = 256L << 20;
  private static final int LIMIT_PER_MARGIN = 32;

  private final Kind kind;
  private final String source;
  private final long limitBytes;
  private final long freeBytes;

  MemoryLimit(Kind kind, String source, long limitBytes, long freeBytes) {
    this.kind = kind;
    this.source = source;
    this.limitBytes = limitBytes;
    this.freeBytes = freeBytes;
  }

  /** {@return what it is a limit of} */
  public Kind kind() {
    return kind;
  }

  /**
   * {@return where it comes from, such as {@code memory.max of control group /a
   * (/sys/fs/cgroup/a/memory.max)}}
   */
  public String source() {
    return source;
  }

  /** {@return the limit} */
  public long limitBytes() {
    return limitBytes;
  }

  /**
   * {@return what could be had below it: what gives way, such as the page cache, counts as free; an
   * estimate, 0 or more}
   */
  public long freeBytes() {
    return freeBytes;
  }

  /**
   * What a limit is of.
   *
   * @since 0.1
   */
  public enum Kind {
    /** Of the memory that the machine has. */
    MACHINE,
    /** Of the memory that a control group may use: who is over it is killed. */
    CONTROL_GROUP,
    /** Of the addresses that this process may use, also those without memory behind them. */
    ADDRESSES
  }

  /**
   * Returns what is not given to tensors. The JVM shares the limit, and goes on to grow: its heap,
   * compiled code and threads; besides, the page cache can't give way entirely, since the JVM's own
   * code is in it.
   */
  long margin() {
    return Math.min(MOST_MARGIN, LEAST_MARGIN + limitBytes / LIMIT_PER_MARGIN);
  }

  /** Tells whether pages count when they are first touched, not when their addresses are taken. */
  boolean isOfPages() {
    return kind != Kind.ADDRESSES;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof MemoryLimit that
        && kind == that.kind
        && source.equals(that.source)
        && limitBytes == that.limitBytes
        && freeBytes == that.freeBytes;
  }

  @Override
  public int hashCode() {
    return Objects.hash(kind, source, limitBytes, freeBytes);
  }

  @Override
  public String toString() {
    return "kind "
        + kind
        + ", source "
        + source
        + ", limitBytes "
        + limitBytes
        + ", freeBytes "
        + freeBytes;
  }
}
