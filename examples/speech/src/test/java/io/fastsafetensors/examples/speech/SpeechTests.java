// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.examples.speech;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fastsafetensors.examples.common.Models;
import io.fastsafetensors.examples.common.RunScript;
import io.fastsafetensors.examples.common.Vectors;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The example gets what silero's own network gets, whichever way the weights come. */
class SpeechTests {
  /** Sums are in another order than in PyTorch, and an LSTM remembers. */
  private static final float TOLERANCE = 1e-5f;

  private Path folder;

  @BeforeEach
  void findModel() throws Exception {
    assumeTrue(Models.SILERO.folder().isPresent(), Models.SILERO.absence());
    folder = Models.SILERO.folder().orElseThrow();
    Variant.writeModels(folder);
  }

  @ParameterizedTest
  @EnumSource(Variant.class)
  void isAsSureAsTheReference(Variant variant) throws Exception {
    try (Detector detector = variant.begin(folder).call()) {
      float[] sure = detector.detect(Signal.samples());
      assertThat(Vectors.difference(sure, Reference.read())).isLessThan(TOLERANCE);
      assertThat(Main.speech(sure)).isEqualTo("speech from 0.51 s to 1.34 s");
    }
  }

  @Test
  void theCommandShowsDetectionsAndTimesEachVariant(@TempDir Path temporary) throws Exception {
    assertThat(RunScript.run(temporary, "1"))
        .contains("ONNX Runtime, its own file: speech from 0.51 s to 1.34 s")
        .containsPattern("fastsafetensors, addInitializer +[0-9.]+ ms +[0-9]+ ms +[0-9]+ MiB");
  }
}
