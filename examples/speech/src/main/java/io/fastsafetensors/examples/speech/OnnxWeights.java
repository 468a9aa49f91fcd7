// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.examples.speech;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession.SessionOptions;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.LoadException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Tensors as initializers of ONNX Runtime's sessions, without a copy. Sessions read the tensors'
 * memory as long as they are open, and know nothing of its owner: so this holds the memory, and is
 * closed after the last of them. Loader and buffer may be closed before.
 */
public final class OnnxWeights implements AutoCloseable {
  private final List<Tensor> held = new ArrayList<>();
  private final Map<String, OnnxTensor> initializers = new LinkedHashMap<>();

  /** Takes all tensors of a buffer. */
  public OnnxWeights(FileBuffer buffer) throws LoadException, OrtException {
    try {
      for (String name : buffer.keys()) {
        add(buffer.tensor(name).retain());
      }
    } catch (LoadException | OrtException | RuntimeException e) {
      close();
      throw e;
    }
  }

  private void add(Tensor tensor) throws LoadException, OrtException {
    held.add(tensor);
    OnnxTensor initializer =
        OnnxTensor.createTensor(
            OrtEnvironment.getEnvironment(),
            tensor.asByteBuffer(), // a window to the memory, of less than 2 GiB
            tensor.shape().dims(),
            OnnxTypes.inJava(tensor.dtype()));
    initializers.put(tensor.name(), initializer);
  }

  /** Puts them in the place of initializers of the model that have their names. */
  public void addTo(SessionOptions options) throws OrtException {
    for (Map.Entry<String, OnnxTensor> initializer : initializers.entrySet()) {
      options.addInitializer(initializer.getKey(), initializer.getValue());
    }
  }

  /** Has each session copy them when it is made: this may be closed right after that. */
  public void copyTo(SessionOptions options) throws OrtException {
    options.addExternalInitializers(new HashMap<>(initializers));
  }

  /** Frees the memory; no session may read it any more. */
  @Override
  public void close() {
    initializers.values().forEach(OnnxTensor::close);
    held.forEach(Tensor::close);
  }
}
