// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import io.fastsafetensors.format.DType;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a load with a target type did with the tensors of one type, and why; immutable.
 *
 * @since 0.1
 */
public final class ConversionReport {
  private final DType from;
  private final DType to;
  private final int tensors;
  private final Reason reason;

  private ConversionReport(Builder builder) {
    this.from = builder.from;
    this.to = builder.to;
    this.tensors = builder.tensors;
    this.reason = builder.reason;
  }

  /**
   * Starts a report on no tensor yet.
   *
   * @param from their type in the file
   * @param to their type in memory; the same if they were left as they are
   * @return a builder
   */
  public static Builder builder(DType from, DType to) {
    return new Builder(from, to);
  }

  /** {@return their type in the file} */
  public DType from() {
    return from;
  }

  /** {@return their type in memory; the same if they were left as they are} */
  public DType to() {
    return to;
  }

  /** {@return how many there are on this rank} */
  public int tensors() {
    return tensors;
  }

  /** {@return which option said so, or why none did} */
  public Reason reason() {
    return reason;
  }

  /**
   * Tells whether the tensors were converted.
   *
   * @return false if they were left as they are
   */
  public boolean isConverted() {
    return from != to;
  }

  /** {@return a builder that starts with all that this has} */
  public Builder toBuilder() {
    return new Builder(from, to).tensors(tensors).reason(reason);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof ConversionReport that
        && from == that.from
        && to == that.to
        && tensors == that.tensors
        && reason.equals(that.reason);
  }

  @Override
  public int hashCode() {
    return Objects.hash(from, to, tensors, reason);
  }

  /** Returns a line. */
  @Override
  public String toString() {
    String count = tensors + (tensors == 1 ? " tensor" : " tensors");
    String types = isConverted() ? " converted from " + from + " to " + to : " left as " + from;
    return "dtype: " + count + types + ": " + reason;
  }

  /**
   * Makes a report; not thread-safe.
   *
   * @since 0.1
   */
  public static final class Builder {
    private final DType from;
    private final DType to;
    private int tensors;
    private Reason reason = Reason.NONE;

    private Builder(DType from, DType to) {
      this.from = from;
      this.to = to;
    }

    /**
     * Sets how many there are on this rank.
     *
     * @param value how many there are on this rank
     * @return this
     */
    public Builder tensors(int value) {
      this.tensors = value;
      return this;
    }

    /**
     * Sets which option said so, or why none did.
     *
     * @param value which option said so, or why none did
     * @return this
     */
    public Builder reason(Reason value) {
      this.reason = value;
      return this;
    }

    /** {@return a report; the builder can go on} */
    public ConversionReport build() {
      return new ConversionReport(this);
    }
  }
}
