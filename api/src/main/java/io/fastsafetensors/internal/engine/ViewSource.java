// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.LoadException;
import java.util.List;
import java.util.Optional;

/** A group of one: views, and copies only where the type changes. */
final class ViewSource implements TensorSource {
  private final LoadedTensors loaded;
  private final SharedContext context;

  ViewSource(LoadedTensors loaded, SharedContext context) {
    this.loaded = loaded;
    this.context = context;
  }

  @Override
  public List<Tensor> get(Asked asked) throws LoadException {
    List<Request> requests = asked.requests();
    for (Request request : requests) {
      request.check(1, context);
    }
    return requests.stream().noneMatch(Request::isConverted)
        ? views(requests)
        : RequestBatch.serve(requests, request -> !request.isConverted(), this::make, _ -> {});
  }

  private List<Tensor> views(List<Request> requests) {
    return requests.stream().map(r -> DefaultTensor.view(loaded.piece(r.entry()))).toList();
  }

  private List<Tensor> make(RequestBatch batch) throws LoadException {
    List<Request> requests = batch.requests();
    if (batch.isReady()) {
      return views(requests);
    }
    List<Piece> pieces = requests.stream().map(r -> loaded.piece(r.entry())).toList();
    try (TensorBatch converted = TensorBatch.copy(context, pieces, Request.wantedTypes(requests))) {
      return converted.tensors();
    }
  }

  @Override
  public Optional<Tensor> send(Asked asked, int receiver) throws LoadException {
    return Optional.of(get(asked).getFirst());
  }

  @Override
  public void close() {}
}
