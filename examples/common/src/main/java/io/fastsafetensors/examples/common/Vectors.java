// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.examples.common;

/** Arithmetic of vectors. */
public final class Vectors {
  private Vectors() {}

  /** Returns the greatest difference between numbers of two vectors. */
  public static float difference(float[] one, float[] other) {
    if (one.length != other.length) {
      throw new IllegalArgumentException(one.length + " numbers, and " + other.length);
    }
    float greatest = 0;
    for (int i = 0; i < one.length; i++) {
      greatest = Math.max(greatest, Math.abs(one[i] - other[i]));
    }
    return greatest;
  }

  /** Returns the sum of products. */
  public static float dot(float[] one, float[] other) {
    float sum = 0;
    for (int i = 0; i < one.length; i++) {
      sum += one[i] * other[i];
    }
    return sum;
  }
}
