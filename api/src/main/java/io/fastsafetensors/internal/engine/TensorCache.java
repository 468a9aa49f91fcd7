// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.DType;
import io.fastsafetensors.LoadException;
import io.fastsafetensors.Tensor;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/** What was given out before, by name, dimension and type; gives out copies of its own copies. */
final class TensorCache {
  private final Map<Key, Tensor> kept = new HashMap<>();

  private record Key(String name, int dim, DType dtype) {
    static Key of(Request request) {
      return new Key(request.name(), request.dim(), request.wanted());
    }
  }

  boolean holds(Request request) {
    return kept.containsKey(Key.of(request));
  }

  Tensor get(Request request) throws LoadException {
    return Objects.requireNonNull(kept.get(Key.of(request)), request.name()).copy();
  }

  /** Takes over a copy. */
  void put(Request request, Tensor copy) {
    Tensor before = kept.put(Key.of(request), copy);
    if (before != null) {
      before.close();
    }
  }

  void close() {
    kept.values().forEach(Tensor::close);
    kept.clear();
  }
}
