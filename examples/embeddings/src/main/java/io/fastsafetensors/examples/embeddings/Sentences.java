// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.examples.embeddings;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;

/** Ten sentences, and their vectors by transformers: numbers that reference.py made. */
final class Sentences {
  private Sentences() {}

  /** Returns the sentences. */
  static List<String> all() throws IOException {
    return lines("sentences.txt");
  }

  /** Returns the vector of a sentence, by number. */
  static float[] reference(int sentence) throws IOException {
    String[] words = lines("reference.txt").get(sentence).split(" ", -1);
    float[] vector = new float[words.length];
    for (int i = 0; i < words.length; i++) {
      vector[i] = Float.parseFloat(words[i]);
    }
    return vector;
  }

  private static List<String> lines(String name) throws IOException {
    try (InputStream file = Sentences.class.getResourceAsStream(name)) {
      byte[] bytes = Objects.requireNonNull(file, name).readAllBytes();
      return new String(bytes, StandardCharsets.UTF_8).lines().toList();
    }
  }
}
