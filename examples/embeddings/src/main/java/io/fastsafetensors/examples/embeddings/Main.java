// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.examples.embeddings;

import io.fastsafetensors.examples.common.Comparison;
import io.fastsafetensors.examples.common.Vectors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Embeds sentences, says how far off the reference they are, and times ways to load. */
final class Main {
  private Main() {}

  /** Takes the model's folder, and how many rounds to time. */
  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    Variant.writeArchive(folder);
    try (Embedder embedder = new Embedder(folder, Variant.SHARED.begin(folder).call())) {
      show(embedder);
    }
    System.out.println();
    Comparison comparison = new Comparison(TimedVariant.class, List.of(), folder.toString());
    System.out.print(comparison.run(Variant.class, Integer.parseInt(arguments[1])));
  }

  private static void show(Embedder embedder) throws IOException {
    List<String> sentences = Sentences.all();
    List<float[]> vectors = new ArrayList<>();
    float greatest = 0;
    for (int i = 0; i < sentences.size(); i++) {
      vectors.add(embedder.embed(sentences.get(i)));
      greatest = Math.max(greatest, Vectors.difference(vectors.get(i), Sentences.reference(i)));
    }
    for (int i = 1; i < sentences.size(); i++) {
      float similarity = Vectors.dot(vectors.get(0), vectors.get(i));
      String line = String.format(Locale.ROOT, "%6.3f  %s", similarity, sentences.get(i));
      System.out.println(line.length() > 72 ? line.substring(0, 69) + "..." : line);
    }
    System.out.println("similar to: " + sentences.getFirst());
    System.out.println("greatest difference from the reference: " + greatest);
  }
}
