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
  /** Returns what a rank throws because of it. */
  public CollectiveException seenBy(int observer, String operation) {
    return new CollectiveException(observer, operation, rank, detail, null);
  }
}
