// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.LoadException;
import io.fastsafetensors.Tensor;
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
  public List<Tensor> get(List<Request> requests) throws LoadException {
    for (Request request : requests) {
      Conversion.check(request.spec(), request.wanted(), context.attached());
      // The only part is the whole; but a dimension that isn't there is refused as in any group.
      request.part(1, 0);
    }
    return Bucket.serve(requests, request -> !request.isConverted(), this::make, _ -> {});
  }

  private List<Tensor> make(Bucket bucket) throws LoadException {
    List<Piece> pieces =
        bucket.requests().stream().map(request -> loaded.piece(request.entry())).toList();
    if (bucket.isReady()) {
      return pieces.stream().map(DefaultTensor::view).toList();
    }
    try (Bundle converted = Bundle.copy(context, pieces, Request.wantedTypes(bucket.requests()))) {
      return converted.tensors();
    }
  }

  @Override
  public Optional<Tensor> push(Request request, int rank) throws LoadException {
    return Optional.of(get(List.of(request)).getFirst());
  }

  @Override
  public void close() {}
}
