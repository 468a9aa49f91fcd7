// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.group;

import io.fastsafetensors.CollectiveException;

/**
 * Why a group can't go on.
 *
 * @param rank the rank to blame
 * @param detail what it did or did not do
 */
public record Failure(int rank, String detail) {
  /** Returns the failure of a rank that is not there any more. */
  public static Failure left(int rank) {
    return new Failure(rank, "left the group");
  }

  /** Returns the failure of a rank that does something else than another. */
  public static Failure otherCall(int rank, String operation, int other, String otherOperation) {
    return new Failure(
        rank, "calls %s where rank %s calls %s".formatted(operation, other, otherOperation));
  }

  /** Returns what a rank throws because of it. */
  public CollectiveException seenBy(int observer, String operation) {
    return new CollectiveException(observer, operation, rank, detail, null);
  }
}
