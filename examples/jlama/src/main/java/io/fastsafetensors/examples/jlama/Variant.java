// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.examples.jlama;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.model.AbstractModel.InferenceType;
import com.github.tjake.jlama.model.ModelSupport;
import com.github.tjake.jlama.safetensors.DType;
import com.github.tjake.jlama.safetensors.SafeTensorSupport;
import com.github.tjake.jlama.safetensors.WeightLoader;
import io.fastsafetensors.format.LoadException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Optional;

/** Who loads the weights. */
enum Variant {
  /** Jlama itself. */
  OWN("Jlama, its own loader") {
    @Override
    WeightLoader weights(Path folder) {
      return SafeTensorSupport.loadWeights(folder.toFile());
    }
  },

  /** What this example is about. */
  ADAPTER("fastsafetensors, JlamaWeights") {
    @Override
    WeightLoader weights(Path folder) {
      try {
        return JlamaWeights.open(folder);
      } catch (LoadException e) {
        throw new UncheckedIOException(e);
      }
    }
  };

  private final String title;

  Variant(String title) {
    this.title = title;
  }

  /** Opens the weights of a model's folder. */
  abstract WeightLoader weights(Path folder);

  /** Loads a model that embeds sentences. */
  AbstractModel load(Path folder) {
    return ModelSupport.loadModel(
        InferenceType.FULL_EMBEDDING,
        folder.toFile(),
        null,
        DType.F32,
        DType.F32,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        _ -> weights(folder));
  }

  @Override
  public String toString() {
    return title;
  }
}
