// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import io.fastsafetensors.format.DType;

/**
 * What a load with a target type did with the tensors of one type, and why.
 *
 * @param from their type in the file
 * @param to their type in memory; the same if they were left as they are
 * @param tensors how many there are on this rank
 * @param reason which option said so, or why none did
 * @since 0.1
 */
public record ConversionReport(DType from, DType to, int tensors, String reason) {
  /**
   * Tells whether the tensors were converted.
   *
   * @return false if they were left as they are
   */
  public boolean isConverted() {
    return from != to;
  }

  /** Returns a line. */
  @Override
  public String toString() {
    String count = tensors + (tensors == 1 ? " tensor" : " tensors");
    String types = isConverted() ? " converted from " + from + " to " + to : " left as " + from;
    return "dtype: " + count + types + ": " + reason;
  }
}
