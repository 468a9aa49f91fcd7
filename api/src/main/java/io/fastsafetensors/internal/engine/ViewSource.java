// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.LoadException;
import io.fastsafetensors.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A group of one: views, and copies only where the type changes. */
final class ViewSource implements TensorSource {
  private final LoadedTensors loaded;

  ViewSource(LoadedTensors loaded) {
    this.loaded = loaded;
  }

  @Override
  public List<Tensor> get(List<Request> requests) throws LoadException {
    List<Tensor> tensors = new ArrayList<>(requests.size());
    try {
      for (Request request : requests) {
        tensors.add(get(request));
      }
      return tensors;
    } catch (LoadException | RuntimeException | Error e) {
      tensors.forEach(Tensor::close);
      throw e;
    }
  }

  private Tensor get(Request request) throws LoadException {
    Tensor view =
        DefaultTensor.view(
            request.name(),
            request.loaded(),
            request.part(1, 0).shape(),
            loaded.place(request.name()));
    return request.wanted() == request.loaded() ? view : view.to(request.wanted());
  }

  @Override
  public Optional<Tensor> push(Request request, int rank) throws LoadException {
    return Optional.of(get(request));
  }

  @Override
  public void close() {}
}
