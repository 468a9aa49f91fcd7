// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Region;
import java.util.List;
import java.util.Optional;

/** A group of one: views, and copies only of rows that are apart, and where the type changes. */
final class ViewSource implements TensorSource {
  private final HeldTensors loaded;
  private final SharedContext context;

  ViewSource(HeldTensors loaded, SharedContext context) {
    this.loaded = loaded;
    this.context = context;
  }

  @Override
  public List<Tensor> get(Asked asked) throws LoadException {
    List<Request> requests = asked.requests();
    for (Request request : requests) {
      request.check(1, context);
    }
    loaded.await(requests);
    return requests.stream().allMatch(ViewSource::isView)
        ? views(requests)
        : RequestBatch.serve(requests, ViewSource::isView, this::make, _ -> {});
  }

  private static boolean isView(Request request) {
    return !request.isConverted() && request.slice(1, 0).isContiguous();
  }

  private List<Tensor> views(List<Request> requests) {
    return requests.stream().map(request -> DefaultTensor.view(view(request))).toList();
  }

  /** Returns where a part is that is one run of bytes of its tensor. */
  private Piece view(Request request) {
    Piece whole = loaded.piece(request.entry());
    return request.isWhole()
        ? whole
        : new Piece(request.partSpec(1, 0), whole.memory(), request.slice(1, 0).in(whole.region()));
  }

  private List<Tensor> make(RequestBatch batch) throws LoadException {
    List<Request> requests = batch.requests();
    if (batch.isReady()) {
      return views(requests);
    }
    if (requests.stream().allMatch(request -> request.slice(1, 0).isContiguous())) {
      return convert(requests, requests.stream().map(this::view).toList());
    }
    try (TensorBatch rows = gather(requests)) {
      return requests.stream().noneMatch(Request::isConverted)
          ? rows.tensors()
          : convert(requests, rows.pieces());
    }
  }

  private List<Tensor> convert(List<Request> requests, List<Piece> pieces) throws LoadException {
    try (TensorBatch converted = TensorBatch.copy(context, pieces, Request.wantedTypes(requests))) {
      return converted.tensors();
    }
  }

  /** Copies the rows of parts, each to a tensor of its own. */
  private TensorBatch gather(List<Request> requests) throws LoadException {
    List<Piece> wholes = requests.stream().map(r -> loaded.piece(r.entry())).toList();
    List<TensorSpec> specs = requests.stream().map(r -> r.partSpec(1, 0)).toList();
    TensorBatch.Filler filler =
        (batch, stream) -> {
          for (int i = 0; i < wholes.size(); i++) {
            Region part = batch.pieces().get(i).region();
            Gather.copy(requests.get(i).slice(1, 0), wholes.get(i).region(), part, stream);
          }
        };
    return TensorBatch.using(wholes, () -> TensorBatch.make(context, specs, filler));
  }

  @Override
  public Optional<Tensor> send(Asked asked, int receiver) throws LoadException {
    return Optional.of(get(asked).getFirst());
  }

  @Override
  public void close() {}
}
