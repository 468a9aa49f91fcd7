// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.values;

import java.util.List;

/**
 * Texts of elements that stand one below the other.
 *
 * @param texts the texts
 * @param width how wide the column is meant to be; zeros, infinities and NaN may be wider
 */
record Column(List<String> texts, int width) {
  /** Puts blanks before what is narrower than the column. */
  static Column of(List<String> texts, int width) {
    return new Column(
        texts.stream().map(t -> " ".repeat(Math.max(0, width - t.length())) + t).toList(), width);
  }

  /** Makes a column as wide as its widest text. */
  static Column of(List<String> texts) {
    return of(texts, texts.stream().mapToInt(String::length).max().orElse(1));
  }
}
