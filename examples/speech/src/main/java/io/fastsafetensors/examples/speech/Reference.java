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
  static List<Float> read() throws IOException {
    try (InputStream file = Reference.class.getResourceAsStream(FILE)) {
      String text = new String(Objects.requireNonNull(file).readAllBytes(), StandardCharsets.UTF_8);
      return text.lines().map(Float::valueOf).toList();
    }
  }

  /** Returns the greatest difference from it. */
  static float difference(float[] sure) throws IOException {
    List<Float> expected = read();
    if (expected.size() != sure.length) {
      throw new IllegalArgumentException(
          sure.length + " windows, and the reference has " + expected.size());
    }
    float greatest = 0;
    for (int i = 0; i < sure.length; i++) {
      greatest = Math.max(greatest, Math.abs(sure[i] - expected.get(i)));
    }
    return greatest;
  }
}
