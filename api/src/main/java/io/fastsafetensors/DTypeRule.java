// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import io.fastsafetensors.format.DType;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of tensors by name while they are loaded or saved; immutable. Made by {@link
 * LoadOptions.Builder#dtype(String, DType)}, {@link LoadOptions.Builder#keepDtype} and their like
 * of {@link SaveOptions.Builder}.
 *
 * @since 0.1
 */
public final class DTypeRule {
  private final String glob;
  private final Optional<DType> dtype;

  DTypeRule(String glob, Optional<DType> dtype) {
    this.glob = glob;
    this.dtype = dtype;
  }

  /**
   * {@return which tensors: a pattern in which {@code *} stands for any characters and {@code ?}
   * for one}
   */
  public String glob() {
    return glob;
  }

  /** {@return the type that they are converted to; empty leaves each as it is} */
  public Optional<DType> dtype() {
    return dtype;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof DTypeRule that && glob.equals(that.glob) && dtype.equals(that.dtype);
  }

  @Override
  public int hashCode() {
    return Objects.hash(glob, dtype);
  }

  /** Returns {@code GLOB=DTYPE}, or {@code GLOB=asis}. */
  @Override
  public String toString() {
    return glob + "=" + dtype.map(DType::name).orElse("asis");
  }
}
