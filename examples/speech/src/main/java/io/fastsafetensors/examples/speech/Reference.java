// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.examples.speech;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;

/** What silero's own network says of {@link Signal}: numbers that reference.py made. */
final class Reference {
  private static final String FILE = "reference.txt";

  private Reference() {}

  /** Returns how sure it is of each window. */
  static float[] read() throws IOException {
    try (InputStream file = Reference.class.getResourceAsStream(FILE)) {
      String text = new String(Objects.requireNonNull(file).readAllBytes(), StandardCharsets.UTF_8);
      List<Float> values = text.lines().map(Float::valueOf).toList();
      float[] sure = new float[values.size()];
      for (int i = 0; i < sure.length; i++) {
        sure[i] = values.get(i);
      }
      return sure;
    }
  }
}
