// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.examples.jlama;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.model.functions.Generator.PoolingType;
import com.github.tjake.jlama.tensor.operations.TensorOperationsProvider;
import io.fastsafetensors.examples.common.Milestone;
import io.fastsafetensors.examples.common.Stopwatch;
import java.nio.file.Path;

/** Loads in one way, and embeds one sentence; timed by who starts it. */
final class TimedVariant {
  private TimedVariant() {}

  /** Takes the model's folder, and a variant. */
  public static void main(String[] arguments) throws Exception {
    Variant variant = Variant.valueOf(arguments[1]);
    TensorOperationsProvider.get(); // the start of the runtime is no part of the load
    Stopwatch load = new Stopwatch();
    AbstractModel model = load.time(() -> variant.load(Path.of(arguments[0])));
    Milestone.loaded(load.nanos());
    model.embed(Main.SENTENCE, PoolingType.AVG);
    Milestone.firstResult();
    Milestone.end();
    System.exit(0); // whatever threads Jlama has
  }
}
