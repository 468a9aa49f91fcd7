// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import io.fastsafetensors.format.DType;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How a tensor is wanted of a {@link FileBuffer}: which part, and in which type. Immutable. Made by
 * {@link #builder}, or by {@code of} for the usual ones.
 *
 * @since 0.1
 */
public final class TensorOptions {
  private static final TensorOptions DEFAULTS = builder().build();

  private final Part part;
  private final Optional<DType> dtype;

  private TensorOptions(Builder builder) {
    this.part = builder.part;
    this.dtype = Optional.ofNullable(builder.dtype);
  }

  /**
   * Wants the whole tensor, as it was loaded.
   *
   * @return the options
   */
  public static TensorOptions defaults() {
    return DEFAULTS;
  }

  /**
   * Wants a part, as it was loaded.
   *
   * @param part which part
   * @return the options
   */
  public static TensorOptions of(Part part) {
    return builder().part(part).build();
  }

  /**
   * Wants the whole tensor, converted.
   *
   * @param dtype the type, also a larger one
   * @return the options
   */
  public static TensorOptions of(DType dtype) {
    return builder().dtype(dtype).build();
  }

  /**
   * Wants a part, converted.
   *
   * @param part which part
   * @param dtype the type, also a larger one
   * @return the options
   */
  public static TensorOptions of(Part part, DType dtype) {
    return builder().part(part).dtype(dtype).build();
  }

  /**
   * Starts from the defaults.
   *
   * @return a builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Starts from these options.
   *
   * @return a builder with all that these have
   */
  public Builder toBuilder() {
    Builder builder = builder().part(part);
    dtype.ifPresent(builder::dtype);
    return builder;
  }

  /**
   * Returns which part is wanted.
   *
   * @return the part
   */
  public Part part() {
    return part;
  }

  /**
   * Returns the type wanted.
   *
   * @return the type; empty leaves the tensor as it was loaded
   */
  public Optional<DType> dtype() {
    return dtype;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof TensorOptions that
        && part.equals(that.part)
        && dtype.equals(that.dtype);
  }

  @Override
  public int hashCode() {
    return Objects.hash(part, dtype);
  }

  /** Returns the part and the type. */
  @Override
  public String toString() {
    return part + dtype.map(type -> " as " + type).orElse("");
  }

  /**
   * Makes options; not thread-safe.
   *
   * @since 0.1
   */
  public static final class Builder {
    private Part part = Part.whole();
    private @Nullable DType dtype;

    private Builder() {}

    /**
     * Sets which part is wanted; all of it unless set.
     *
     * @param part which part
     * @return this
     */
    public Builder part(Part part) {
      this.part = Objects.requireNonNull(part, "part");
      return this;
    }

    /**
     * Has the tensor converted.
     *
     * @param type the type wanted, also a larger one
     * @return this
     */
    public Builder dtype(DType type) {
      this.dtype = Objects.requireNonNull(type, "dtype");
      return this;
    }

    /**
     * Makes the options; the builder can go on.
     *
     * @return the options
     */
    public TensorOptions build() {
      return new TensorOptions(this);
    }
  }
}
