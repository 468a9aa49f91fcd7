// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.examples.embeddings;

import io.fastsafetensors.examples.common.Milestone;
import io.fastsafetensors.examples.common.Stopwatch;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.bytedeco.pytorch.global.torch;

/** Loads in one way, and embeds one sentence; timed by who starts it. */
final class TimedVariant {
  private TimedVariant() {}

  /** Takes the model's folder, and a variant. */
  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    Variant variant = Variant.valueOf(arguments[1]);
    Stopwatch load = new Stopwatch();
    Callable<Weights> begun = load.time(() -> variant.begin(folder));
    torch.empty(1).close(); // the start of the runtime is no part of the load
    Weights weights = load.time(begun);
    Milestone.loaded(load.nanos());
    try (Embedder embedder = new Embedder(folder, weights)) {
      if (variant != Variant.NONE) {
        embedder.embed(Sentences.all().getFirst());
      }
      Milestone.firstResult();
      Milestone.end();
    }
  }
}
