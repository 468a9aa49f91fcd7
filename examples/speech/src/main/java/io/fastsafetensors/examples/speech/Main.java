// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.examples.speech;

import io.fastsafetensors.examples.common.Comparison;
import io.fastsafetensors.examples.common.Vectors;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** Finds speech in a signal, says how far off the reference it is, and times ways to load. */
final class Main {
  private static final float SURE = 0.5f;

  private Main() {}

  /** Takes the folder of silero's models, and how many rounds to time. */
  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    Variant.writeModels(folder);
    for (Variant variant : Variant.values()) {
      try (Detector detector = variant.begin(folder).call()) {
        float[] sure = detector.detect(Signal.samples());
        System.out.println(variant + ": " + speech(sure));
        float difference = Vectors.difference(sure, Reference.read());
        System.out.println("  greatest difference from the reference: " + difference);
      }
    }
    System.out.println();
    Comparison comparison = new Comparison(TimedVariant.class, List.of(), folder.toString());
    System.out.print(comparison.run(Variant.class, Integer.parseInt(arguments[1])));
  }

  /** Tells where somebody speaks. */
  static String speech(float[] sure) {
    StringBuilder text = new StringBuilder("speech");
    for (int i = 0; i <= sure.length; i++) {
      boolean before = i > 0 && sure[i - 1] >= SURE;
      boolean after = i < sure.length && sure[i] >= SURE;
      if (before != after) {
        double seconds = (double) i * SpeechModel.WINDOW / SpeechModel.RATE;
        text.append(String.format(Locale.ROOT, " %s %.2f s", after ? "from" : "to", seconds));
      }
    }
    return text.toString();
  }
}
