// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.examples.embeddings;

import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.format.LoadException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * The weights of a model, in PyTorch.
 *
 * @param tensors by name
 */
record Weights(Map<String, Tensor> tensors) implements AutoCloseable {
  /** Has PyTorch read the memory of a buffer, which may be closed then. */
  static Weights of(FileBuffer buffer) throws LoadException {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    for (String name : buffer.keys()) {
      tensors.put(name, TorchTensors.of(buffer.tensor(name)));
    }
    return new Weights(tensors);
  }

  /** Returns a tensor. */
  Tensor get(String name) {
    Tensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new IllegalArgumentException("the model has no tensor " + name);
    }
    return tensor;
  }

  @Override
  public void close() {
    tensors.values().forEach(Tensor::close);
  }
}
