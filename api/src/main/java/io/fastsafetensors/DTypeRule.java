// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import io.fastsafetensors.format.DType;
import java.util.Optional;

/**
 * What becomes of tensors by name while loading.
 *
 * @param glob which tensors: a pattern in which {@code *} stands for any characters and {@code ?}
 *     for one
 * @param dtype the type that they are converted to; empty leaves each as in the file
 * @since 0.1
 */
public record DTypeRule(String glob, Optional<DType> dtype) {
  /** Returns {@code GLOB=DTYPE}, or {@code GLOB=asis}. */
  @Override
  public String toString() {
    return glob + "=" + dtype.map(DType::name).orElse("asis");
  }
}
