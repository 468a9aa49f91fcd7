// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.examples.embeddings;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.InputArchive;
import org.bytedeco.pytorch.OutputArchive;
import org.bytedeco.pytorch.Tensor;

/** The same weights in PyTorch's own kind of file, written and read by PyTorch alone. */
final class TorchArchive {
  private TorchArchive() {}

  /** Writes weights, unless the file is there. */
  static void write(Path file, Weights weights) {
    if (Files.exists(file)) {
      return;
    }
    try (OutputArchive archive = new OutputArchive()) {
      weights.tensors().forEach((name, tensor) -> archive.write(attribute(name), tensor));
      archive.save_to(file.toString());
    }
  }

  /** Reads weights. */
  static Weights read(Path file, List<String> names) {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    try (InputArchive archive = new InputArchive()) {
      archive.load_from(file.toString());
      for (String name : names) {
        Tensor tensor = new Tensor();
        archive.read(attribute(name), tensor);
        tensors.put(name, tensor);
      }
    }
    return new Weights(tensors);
  }

  /** Its names have no dots. */
  private static String attribute(String name) {
    return name.replace('.', '_');
  }
}
