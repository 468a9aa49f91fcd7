// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.examples.embeddings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fastsafetensors.examples.common.Models;
import io.fastsafetensors.examples.common.RunScript;
import io.fastsafetensors.examples.common.Vectors;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The vectors are those of transformers, whichever way the weights come. */
class EmbeddingsTests {
  private static final float TOLERANCE = 1e-5f;
  private static final long ALLOWED_MEBIBYTES = 64;

  private Path folder;

  @BeforeEach
  void findModel() throws Exception {
    assumeTrue(Models.MINILM.folder().isPresent(), Models.MINILM.absence());
    folder = Models.MINILM.folder().orElseThrow();
    Variant.writeArchive(folder);
  }

  @ParameterizedTest
  @EnumSource(names = {"OWN_FILE", "SHARED"})
  void vectorsAreThoseOfTheReference(Variant variant) throws Exception {
    List<String> sentences = Sentences.all();
    assertThat(sentences).hasSize(10);
    try (Embedder embedder = new Embedder(folder, variant.begin(folder).call())) {
      for (int i = 0; i < sentences.size(); i++) {
        float[] vector = embedder.embed(sentences.get(i));
        assertThat(Vectors.difference(vector, Sentences.reference(i)))
            .as(sentences.get(i))
            .isLessThan(TOLERANCE);
      }
    }
  }

  @Test
  void theCommandShowsSimilaritiesAndTimesEachVariant(@TempDir Path temporary) throws Exception {
    String output = RunScript.run(temporary, "1");
    assertThat(output).contains("Someone performs music for an audience.");
    long model = Files.size(folder.resolve("model.safetensors")) >> 20;
    assertThat(peak(output, "fastsafetensors, from_blob"))
        .as(output)
        .isBetween(model, peak(output, "PyTorch alone") + model + ALLOWED_MEBIBYTES);
  }

  private static long peak(String output, String variant) {
    Matcher row =
        Pattern.compile(variant + " +[0-9.]+ ms +[0-9]+ ms +([0-9]+) MiB").matcher(output);
    assertThat(row.find()).as("row of %s in %s", variant, output).isTrue();
    return Long.parseLong(row.group(1));
  }
}
