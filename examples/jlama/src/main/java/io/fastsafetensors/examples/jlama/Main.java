// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.examples.jlama;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.model.functions.Generator.PoolingType;
import io.fastsafetensors.examples.common.Comparison;
import io.fastsafetensors.examples.common.Vectors;
import java.nio.file.Path;
import java.util.List;

/** Embeds a sentence in Jlama, with weights of both loaders, and times them. */
final class Main {
  static final String SENTENCE = "How do I load a safetensors file without copying it?";

  private static final List<String> OPTIONS = List.of("--add-modules=jdk.incubator.vector");

  private Main() {}

  /** Takes the model's folder, and how many rounds to time. */
  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    float[] own = embed(Variant.OWN.load(folder));
    float[] ours = embed(Variant.ADAPTER.load(folder));
    System.out.println("greatest difference of vectors: " + Vectors.difference(own, ours));
    System.out.println();
    Comparison comparison = new Comparison(TimedVariant.class, OPTIONS, folder.toString());
    System.out.print(comparison.run(Variant.class, Integer.parseInt(arguments[1])));
    System.exit(0); // whatever threads Jlama has
  }

  private static float[] embed(AbstractModel model) {
    return model.embed(SENTENCE, PoolingType.AVG);
  }
}
