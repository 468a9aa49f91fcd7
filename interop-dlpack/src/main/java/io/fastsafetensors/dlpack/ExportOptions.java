// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.dlpack;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How a tensor is handed over; immutable. Made by {@link #builder()} or {@link #toBuilder()}.
 *
 * @since 0.1
 */
public final class ExportOptions {
  /** What copies are aligned to at least, in bytes. */
  static final long MOST_ALIGNMENT = 256;

  private static final ExportOptions DEFAULTS = builder().build();

  private final boolean versioned;
  private final CopyMode copy;
  private final boolean readOnly;
  private final boolean bits;
  private final boolean pairs;
  private final long alignment;

  private ExportOptions(Builder builder) {
    this.versioned = builder.versioned;
    this.copy = builder.copy;
    this.readOnly = builder.readOnly;
    this.bits = builder.bits;
    this.pairs = builder.pairs;
    this.alignment = builder.alignment;
  }

  /** {@return what {@link #builder()} starts from} */
  public static ExportOptions defaults() {
    return DEFAULTS;
  }

  /** {@return a builder that starts with the defaults} */
  public static Builder builder() {
    return new Builder();
  }

  /** {@return a builder with all that these have} */
  public Builder toBuilder() {
    return new Builder()
        .versioned(versioned)
        .copy(copy)
        .readOnly(readOnly)
        .bits(bits)
        .pairs(pairs)
        .alignment(alignment);
  }

  /** {@return whether the struct is {@code DLManagedTensorVersioned}, or the older one} */
  public boolean versioned() {
    return versioned;
  }

  /** {@return whether the tensor is copied} */
  public CopyMode copy() {
    return copy;
  }

  /** {@return whether memory that must not be written may be handed over} */
  public boolean readOnly() {
    return readOnly;
  }

  /** {@return whether elements go as unsigned integers} */
  public boolean bits() {
    return bits;
  }

  /** {@return whether elements of F4 go in pairs} */
  public boolean pairs() {
    return pairs;
  }

  /** {@return what the address is a multiple of, in bytes} */
  public long alignment() {
    return alignment;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof ExportOptions that
        && versioned == that.versioned
        && copy == that.copy
        && readOnly == that.readOnly
        && bits == that.bits
        && pairs == that.pairs
        && alignment == that.alignment;
  }

  @Override
  public int hashCode() {
    return Objects.hash(versioned, copy, readOnly, bits, pairs, alignment);
  }

  @Override
  public String toString() {
    return "versioned %s, copy %s, readOnly %s, bits %s, pairs %s, alignment %s"
        .formatted(versioned, copy, readOnly, bits, pairs, alignment);
  }

  /**
   * Makes options; not thread-safe.
   *
   * @since 0.1
   */
  public static final class Builder {
    private boolean versioned = true;
    private CopyMode copy = CopyMode.AUTO;
    private boolean readOnly;
    private boolean bits;
    private boolean pairs;
    private long alignment = 1;

    private Builder() {}

    /**
     * Chooses the struct, as the consumer asks for it.
     *
     * @param versioned true for {@code DLManagedTensorVersioned} of DLPack 1, which is the default;
     *     false for {@code DLManagedTensor}, which has no flags: for who names no {@code
     *     max_version}, or one below 1
     * @return this
     */
    public Builder versioned(boolean versioned) {
      this.versioned = versioned;
      return this;
    }

    /**
     * Chooses whether the tensor is copied.
     *
     * @param copy when; {@link CopyMode#AUTO} unless set
     * @return this
     */
    public Builder copy(CopyMode copy) {
      this.copy = Objects.requireNonNull(copy, "copy");
      return this;
    }

    /**
     * Lets memory be handed over that must not be written, flagged so, instead of a copy. A
     * consumer that writes there all the same ends the process: numpy and jax look at the flag,
     * torch doesn't. The older struct has no such flag, and copies.
     *
     * @param allowed true for consumers that look; false unless set
     * @return this
     */
    public Builder readOnly(boolean allowed) {
      this.readOnly = allowed;
      return this;
    }

    /**
     * Hands elements over as unsigned integers of their size, for consumers that don't know the
     * type (numpy knows neither BF16 nor 8-bit floats): U8, U16, U32 or U64, in the same shape.
     * Packed types of 4 and 6 bits are bytes: U8, the last dimension counts bytes; or all of them
     * in one dimension, where a row has no whole bytes.
     *
     * @param bits true for unsigned integers; false unless set
     * @return this
     */
    public Builder bits(boolean bits) {
      this.bits = bits;
      return this;
    }

    /**
     * Hands elements of F4 over in pairs, each a byte with two lanes, as torch knows them ({@code
     * float4_e2m1fn_x2}): the last dimension, which has to be even, is halved. Of no meaning for
     * other types, and with {@link #bits}.
     *
     * @param pairs true for torch; false, as the standard has it, unless set
     * @return this
     */
    public Builder pairs(boolean pairs) {
      this.pairs = pairs;
      return this;
    }

    /**
     * Sets what the address has to be a multiple of; a tensor that lies otherwise is copied. jax
     * takes memory of the host without a copy of its own from 64 on.
     *
     * @param bytes a power of two up to 256, else an {@code IllegalArgumentException}; 1 unless set
     * @return this
     */
    public Builder alignment(long bytes) {
      if (Long.bitCount(bytes) != 1 || bytes < 1 || bytes > MOST_ALIGNMENT) {
        throw new IllegalArgumentException(
            "alignment %s: want a power of two up to %s".formatted(bytes, MOST_ALIGNMENT));
      }
      this.alignment = bytes;
      return this;
    }

    /** {@return the options; the builder can go on} */
    public ExportOptions build() {
      return new ExportOptions(this);
    }
  }
}
