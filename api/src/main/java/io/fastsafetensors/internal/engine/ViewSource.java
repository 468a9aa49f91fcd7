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
  public List<Tensor> get(Together.Step<List<Request>> asked) throws LoadException {
    List<Request> requests = asked.run();
    for (Request request : requests) {
      request.check(1, context);
    }
    return requests.stream().noneMatch(Request::isConverted)
        ? views(requests)
        : Bucket.serve(requests, request -> !request.isConverted(), this::make, _ -> {});
  }

  private List<Tensor> views(List<Request> requests) {
    return requests.stream().map(r -> DefaultTensor.view(loaded.piece(r.entry()))).toList();
  }

  private List<Tensor> make(Bucket bucket) throws LoadException {
    List<Request> requests = bucket.requests();
    if (bucket.isReady()) {
      return views(requests);
    }
    List<Piece> pieces = requests.stream().map(r -> loaded.piece(r.entry())).toList();
    try (Bundle converted = Bundle.copy(context, pieces, Request.wantedTypes(requests))) {
      return converted.tensors();
    }
  }

  @Override
  public Optional<Tensor> send(Together.Step<Request> asked, int receiver) throws LoadException {
    return Optional.of(get(() -> List.of(asked.run())).getFirst());
  }

  @Override
  public void close() {}
}
