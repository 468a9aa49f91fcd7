// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.examples.embeddings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fastsafetensors.examples.common.Models;
import io.fastsafetensors.examples.common.RunScript;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The vectors are those of transformers, whichever way the weights come. */
class EmbeddingsTests {
  private static final float TOLERANCE = 1e-5f;

  private Path folder;

  @BeforeEach
  void findModel() throws Exception {
    assumeTrue(Models.MINILM.folder().isPresent(), Models.MINILM.absence());
    folder = Models.MINILM.folder().orElseThrow();
    Variant.writeArchive(folder);
  }

  @ParameterizedTest
  @EnumSource(Variant.class)
  void vectorsAreThoseOfTheReference(Variant variant) throws Exception {
    List<String> sentences = Sentences.all();
    assertThat(sentences).hasSize(10);
    try (Embedder embedder = new Embedder(folder, variant.begin(folder).call())) {
      for (int i = 0; i < sentences.size(); i++) {
        float[] vector = embedder.embed(sentences.get(i));
        assertThat(Sentences.difference(vector, Sentences.reference(i)))
            .as(sentences.get(i))
            .isLessThan(TOLERANCE);
      }
    }
  }

  @Test
  void theCommandShowsSimilaritiesAndTimesEachVariant(@TempDir Path temporary) throws Exception {
    assertThat(RunScript.run(temporary, "1"))
        .contains("Someone performs music for an audience.")
        .containsPattern("fastsafetensors, from_blob +[0-9.]+ ms +[0-9]+ ms +[0-9]+ MiB");
  }
}
