// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.convert;

import io.fastsafetensors.DType;
import java.lang.foreign.MemorySegment;

/** Converts elements between types. */
public final class Conversions {
  private Conversions() {}

  /** Tells whether a pair is known. */
  public static boolean canConvert(DType from, DType to) {
    return from == to;
  }

  /** Converts all elements of a segment. */
  public static void convert(MemorySegment source, DType from, MemorySegment target, DType to) {
    if (!canConvert(from, to)) {
      throw new IllegalArgumentException("no conversion from " + from + " to " + to);
    }
    target.copyFrom(source);
  }
}
