// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.internal.plan.Catalog;
import io.fastsafetensors.internal.plan.CatalogEntry;
import io.fastsafetensors.internal.text.Printable;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Which tensors were given out; every rank counts alike, so that all know what was released. It
 * frees nothing.
 */
final class ReleaseTracker {
  private final Map<Integer, Integer> leftByFile = new HashMap<>();
  private final Set<String> given = new HashSet<>();

  ReleaseTracker(Catalog wanted) {
    for (CatalogEntry entry : wanted.entries()) {
      leftByFile.merge(entry.file().index(), 1, Integer::sum);
    }
  }

  /**
   * Checks that a tensor's file is still there.
   *
   * @throws IllegalStateException if all its tensors were given out
   */
  void check(CatalogEntry entry) {
    if (leftByFile.getOrDefault(entry.file().index(), 0) == 0) {
      throw new IllegalStateException(
          "tensor %s was given out, and its file's memory released with the last tensor: keep the"
                  .formatted(Printable.quote(entry.info().name()))
              + " first result, or load with LoadOptions.cache");
    }
  }

  /** Marks a tensor; tells whether it was the last of its file. */
  boolean markLast(CatalogEntry entry) {
    return given.add(entry.info().name())
        && leftByFile.merge(entry.file().index(), -1, Integer::sum) == 0;
  }
}
