// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.examples.speech;

/**
 * A signal of 16 kHz: three syllables of two vowels, between faint noise. Sums and products of
 * doubles only, so that reference.py gets the same floats.
 */
final class Signal {
  private static final int WINDOWS = 64;
  private static final int SYLLABLE = 4096;
  private static final int FIRST = 2;
  private static final int LAST = 5;

  /** Of each resonance of a vowel: what stays of the sample before, and of the one before that. */
  private static final double[][][] VOWELS = {
    {{1.8764, -0.9502}, {1.7132, -0.9318}, {0.993, -0.9029}},
    {{1.9344, -0.9653}, {1.8327, -0.954}, {1.1193, -0.9065}},
  };

  private final double[][] last = new double[VOWELS[0].length][2];
  private int pulse;

  private Signal() {}

  /** Returns its samples. */
  static float[] samples() {
    Signal signal = new Signal();
    float[] samples = new float[WINDOWS * SpeechModel.WINDOW];
    long seed = 1;
    for (int i = 0; i < samples.length; i++) {
      seed = (seed * 1103515245L + 12345L) & 0x7FFFFFFFL;
      samples[i] = (float) signal.next(i / SYLLABLE, i % SYLLABLE, seed / 1073741824.0 - 1.0);
    }
    return samples;
  }

  private double next(int syllable, int at, double noise) {
    double value = noise * 0.02;
    pulse++;
    if (pulse >= 120 + at / 600) {
      pulse = 0;
      value += 1.0;
    }
    double[][] vowel = VOWELS[syllable % VOWELS.length];
    for (int i = 0; i < last.length; i++) {
      value = value + vowel[i][0] * last[i][0] + vowel[i][1] * last[i][1];
      last[i][1] = last[i][0];
      last[i][0] = value;
    }
    boolean spoken = syllable >= FIRST && syllable < LAST;
    double loudness = spoken ? 1.0 - Math.abs(at - 2048) / 2048.0 : 0.0;
    return value * loudness * 0.01 + noise * 0.001;
  }
}
