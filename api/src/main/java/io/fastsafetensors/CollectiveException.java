// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import io.fastsafetensors.format.LoadException;
import java.io.Serial;
import org.jspecify.annotations.Nullable;

/**
 * An operation of a process group failed: a rank is lost, late, or disagrees.
 *
 * @since 0.1
 */
public final class CollectiveException extends LoadException {
  /** The peer when it is not one single rank. */
  public static final int NO_PEER = -1;

  @Serial private static final long serialVersionUID = 1L;

  private final int rank;
  private final String operation;
  private final int peer;

  /**
   * Makes an exception.
   *
   * @param rank this process's rank in the group
   * @param operation what was going on: {@code broadcast}, {@code join}, ...
   * @param peer the rank that is lost or late, or {@link #NO_PEER}
   * @param detail what happened and what to do
   * @param cause what was thrown, or null
   */
  public CollectiveException(
      int rank, String operation, int peer, String detail, @Nullable Throwable cause) {
    super(
        operation
            + " on rank "
            + rank
            + (peer == NO_PEER ? "" : ", peer rank " + peer)
            + ": "
            + detail,
        cause);
    this.rank = rank;
    this.operation = operation;
    this.peer = peer;
  }

  /**
   * Returns whose exception it is.
   *
   * @return this process's rank in the group
   */
  public int rank() {
    return rank;
  }

  /**
   * Returns what was going on.
   *
   * @return the operation's name
   */
  public String operation() {
    return operation;
  }

  /**
   * Returns which rank is lost or late.
   *
   * @return the rank in the group, or {@link #NO_PEER}
   */
  public int peer() {
    return peer;
  }
}
