// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.examples.embeddings;

import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.examples.common.LoadAhead;
import io.fastsafetensors.format.SafetensorsHeader;
import io.fastsafetensors.format.TensorInfo;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;

/** How the weights get into PyTorch. */
enum Variant {
  /** Without any, and without a model: what the runtime itself takes. */
  NONE("PyTorch alone") {
    @Override
    Callable<Weights> begin(Path folder) {
      return () -> new Weights(Map.of());
    }
  },

  /** By PyTorch itself, from a file of its own. */
  OWN_FILE("PyTorch, torch::load of its own file") {
    @Override
    Callable<Weights> begin(Path folder) {
      return () -> {
        List<TensorInfo> tensors = SafetensorsHeader.read(weights(folder)).tensors();
        return TorchArchive.read(archive(folder), tensors.stream().map(TensorInfo::name).toList());
      };
    }
  },

  /** Loaded here; PyTorch reads our memory. */
  SHARED("fastsafetensors, from_blob") {
    @Override
    Callable<Weights> begin(Path folder) {
      LoadAhead load = new LoadAhead(weights(folder));
      return () -> {
        try (FileBuffer buffer = load.get()) {
          return Weights.of(buffer);
        }
      };
    }
  };

  private final String title;

  Variant(String title) {
    this.title = title;
  }

  /** Begins to load from the model's folder; what it returns needs the runtime, and ends. */
  abstract Callable<Weights> begin(Path folder);

  /** Has PyTorch write its own file, once. */
  static void writeArchive(Path folder) throws Exception {
    try (Weights weights = SHARED.begin(folder).call()) {
      TorchArchive.write(archive(folder), weights);
    }
  }

  private static Path weights(Path folder) {
    return folder.resolve("model.safetensors");
  }

  private static Path archive(Path folder) {
    return folder.resolve("model.pt");
  }

  @Override
  public String toString() {
    return title;
  }
}
