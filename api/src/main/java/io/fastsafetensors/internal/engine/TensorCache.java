// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Part;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * What was given out before, by name, part, type and receiver, to spare a second exchange. Keeps
 * copies of its own and gives out copies of those. Every rank has the same keys, also for what only
 * one rank got.
 */
final class TensorCache {
  /** The receiver if all ranks got their part. */
  static final int ALL = -1;

  private final SharedContext context;
  private final Map<Key, Optional<Tensor>> kept = new HashMap<>();

  TensorCache(SharedContext context) {
    this.context = context;
  }

  private record Key(String name, Part part, DType dtype, int receiver) {
    static Key of(Request request, int receiver) {
      return new Key(request.name(), request.part(), request.wanted(), receiver);
    }
  }

  boolean holds(Request request, int receiver) {
    return kept.containsKey(Key.of(request, receiver));
  }

  /** Returns new copies of what this rank got; nothing if it got nothing. */
  List<Tensor> get(List<Request> requests, int receiver) throws LoadException {
    List<Piece> pieces =
        requests.stream()
            .map(request -> Objects.requireNonNull(kept.get(Key.of(request, receiver))))
            .flatMap(Optional::stream)
            .map(DefaultTensor::piece)
            .toList();
    return pieces.isEmpty() ? List.of() : copies(pieces);
  }

  private List<Tensor> copies(List<Piece> pieces) throws LoadException {
    List<DType> types = pieces.stream().map(piece -> piece.spec().dtype()).toList();
    try (TensorBatch batch = TensorBatch.copy(context, pieces, types)) {
      return batch.tensors();
    }
  }

  /** Keeps copies of what this rank got; if that is nothing, only that it was given out. */
  void put(List<Request> requests, int receiver, List<Piece> given) throws LoadException {
    List<Tensor> copies = given.isEmpty() ? List.of() : copies(given);
    for (int i = 0; i < requests.size(); i++) {
      Optional<Tensor> copy = copies.isEmpty() ? Optional.empty() : Optional.of(copies.get(i));
      Optional<Tensor> before = kept.put(Key.of(requests.get(i), receiver), copy);
      if (before != null) {
        before.ifPresent(Tensor::close);
      }
    }
  }

  void close() {
    Cleanup.each(kept.values(), copy -> copy.ifPresent(Tensor::close));
    kept.clear();
  }
}
