// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.internal.plan.Catalog;
import io.fastsafetensors.internal.plan.CatalogEntry;
import io.fastsafetensors.internal.plan.CatalogFile;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Which tensors were given out; every rank counts alike, so that all know what was released. */
final class GivenOut {
  private final Map<Integer, Integer> leftByFile = new HashMap<>();
  private final Map<String, Integer> fileByTensor = new HashMap<>();
  private final Set<String> given = new HashSet<>();

  GivenOut(Catalog wanted) {
    for (CatalogEntry entry : wanted.entries()) {
      leftByFile.merge(entry.file().index(), 1, Integer::sum);
      fileByTensor.put(entry.info().name(), entry.file().index());
    }
  }

  /**
   * Checks that a tensor's file is still there.
   *
   * @throws IllegalStateException if all its tensors were given out
   */
  void check(String tensor) {
    if (leftByFile.getOrDefault(fileByTensor.get(tensor), 0) == 0) {
      throw new IllegalStateException(
          "tensor '"
              + tensor
              + "' was given out, and its file's memory released with the last tensor: keep the"
              + " first result, or load with LoadOptions.cache");
    }
  }

  /** Marks a tensor; returns its file if it was the file's last. */
  Optional<CatalogFile> mark(CatalogEntry entry) {
    if (given.add(entry.info().name())
        && leftByFile.merge(entry.file().index(), -1, Integer::sum) == 0) {
      return Optional.of(entry.file());
    }
    return Optional.empty();
  }
}
