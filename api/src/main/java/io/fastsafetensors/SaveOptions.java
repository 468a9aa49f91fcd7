// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import io.fastsafetensors.format.DType;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How to save; immutable. Made by {@link #builder()} or {@link #toBuilder()}.
 *
 * <p>Two are equal if they save the same in the same way; listener and switch don't count.
 *
 * @since 0.1
 */
public final class SaveOptions {
  private final SaveValues values;
  private final Cancellation cancellation;

  private SaveOptions(SaveValues values) {
    this.values = values.copy();
    this.cancellation = Objects.requireNonNullElseGet(values.cancellation, Cancellation::new);
  }

  /**
   * Returns what {@link #builder()} starts from.
   *
   * @return options
   */
  public static SaveOptions defaults() {
    return builder().build();
  }

  /** {@return a builder that starts with the defaults} */
  public static Builder builder() {
    return new Builder(new SaveValues());
  }

  /** {@return a builder with all that these have, and with their switch only if it was set} */
  public Builder toBuilder() {
    return new Builder(values.copy());
  }

  /** {@return the most bytes of tensors in a file; 5,000,000,000 by default} */
  public long maxShardBytes() {
    return values.maxShardBytes;
  }

  /** {@return what each file has as metadata; unmodifiable} */
  public Map<String, String> metadata() {
    return values.metadata;
  }

  /** {@return the type that floating-point tensors are converted to; empty leaves each as it is} */
  public Optional<DType> dtype() {
    return values.dtypes.all();
  }

  /** {@return what becomes of tensors by name, the first rule that matches; unmodifiable} */
  public List<DTypeRule> dtypeRules() {
    return values.dtypes.byName();
  }

  /** {@return which tensors several ranks may have; patterns, unmodifiable} */
  public List<String> replicated() {
    return values.replicated;
  }

  /** {@return how many threads gather and write bytes; 0 is the library's choice} */
  public int threads() {
    return values.threads;
  }

  /** {@return the memory through which bytes pass on their way to files, in bytes} */
  public long memory() {
    return values.memory;
  }

  /** {@return whether writes bypass the page cache} */
  public DirectMode direct() {
    return values.direct;
  }

  /** {@return how long the save may take; one hour by default} */
  public Duration timeout() {
    return values.timeout;
  }

  /** {@return who hears of progress} */
  public ProgressListener progress() {
    return values.progress;
  }

  /** {@return the switch that ends the save; one of its own unless set} */
  public Cancellation cancellation() {
    return cancellation;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof SaveOptions that && values.compared().equals(that.values.compared());
  }

  @Override
  public int hashCode() {
    return values.compared().hashCode();
  }

  /** Returns all but listener and switch. */
  @Override
  public String toString() {
    return values.compared().toString();
  }

  /**
   * Makes options; not thread-safe. Each method replaces what was set for its option, but for
   * rules, patterns and metadata, which add up.
   *
   * @since 0.1
   */
  public static final class Builder {
    private final SaveValues values;

    private Builder(SaveValues values) {
      this.values = values;
    }

    private Builder set(Consumer<SaveValues> change) {
      change.accept(values);
      return this;
    }

    /**
     * Bounds the bytes of tensors in a file. Tensors are put into files in the order in which they
     * were added, in a group in that of their names; the next file begins with the tensor that
     * would exceed the bound, and a tensor that is larger by itself has a file of its own.
     *
     * @param bytes above 0, else an {@code IllegalArgumentException}; {@code Long.MAX_VALUE} gives
     *     one file
     * @return this
     */
    public Builder maxShardBytes(long bytes) {
      OptionChecks.range("maxShardBytes", bytes, 1, Long.MAX_VALUE);
      return set(v -> v.maxShardBytes = bytes);
    }

    /**
     * Adds an entry to the metadata of each file. Hugging Face's Transformers reads files without
     * metadata, or with an entry {@code format} of {@code pt}, and refuses others.
     *
     * @param key the key; a second value for it replaces the first
     * @param value the value
     * @return this
     * @throws IllegalArgumentException if one of them has half of a surrogate pair, so no UTF-8
     *     form
     */
    public Builder metadata(String key, String value) {
      OptionChecks.metadata(key, value);
      Map<String, String> changed = new LinkedHashMap<>(values.metadata);
      changed.put(key, value);
      return set(v -> v.metadata = Map.copyOf(changed));
    }

    /**
     * Adds entries to the metadata of each file, as {@link #metadata(String, String)} does.
     *
     * @param entries values by key
     * @return this
     * @throws IllegalArgumentException as {@link #metadata(String, String)}
     */
    public Builder metadata(Map<String, String> entries) {
      entries.forEach(this::metadata);
      return this;
    }

    /**
     * Converts tensors of F64, F32, F16 and BF16 on their way, unless a rule of {@link
     * #dtype(String, DType)} or {@link #keepDtype} names them. All others stay as they are, 8-bit
     * floats too: their scale is a tensor of its own. {@link DType} says how numbers are rounded.
     *
     * @param dtype the type, one of floating point
     * @return this
     * @throws IllegalArgumentException if it is another type: name the tensors that are to have it
     */
    public Builder dtype(DType dtype) {
      return set(v -> v.dtypes = v.dtypes.withAll(dtype));
    }

    /**
     * Converts tensors by name on their way, also from and to integers: {@link DType} has the
     * table. Of several rules that match a tensor the first counts, whichever method made it; a
     * rule goes before {@link #dtype(DType)}. A save fails with an {@code IllegalArgumentException}
     * before it writes anything if a rule matches no tensor, or one that can't be converted so.
     *
     * @param glob a pattern in which {@code *} stands for any characters and {@code ?} for one
     * @param dtype the type for all that match
     * @return this
     */
    public Builder dtype(String glob, DType dtype) {
      return set(v -> v.dtypes = v.dtypes.converting(glob, dtype));
    }

    /**
     * Leaves tensors as they are, whatever {@link #dtype(DType)} and later rules say.
     *
     * @param glob as for {@link #dtype(String, DType)}
     * @return this
     */
    public Builder keepDtype(String glob) {
      return set(v -> v.dtypes = v.dtypes.keeping(glob));
    }

    /**
     * Names tensors, or parts of them, that several ranks of a group have alike: one of those
     * ranks, which has least to write, writes its own; nobody compares the bytes. Without it, bytes
     * that two ranks have are an error. A save fails with an {@code IllegalArgumentException}
     * before it writes anything if the pattern matches no tensor.
     *
     * @param glob a pattern in which {@code *} stands for any characters and {@code ?} for one
     * @return this
     */
    public Builder replicated(String glob) {
      Objects.requireNonNull(glob, "glob");
      return set(
          v -> v.replicated = Stream.concat(v.replicated.stream(), Stream.of(glob)).toList());
    }

    /**
     * Sets how many blocks are gathered, converted and written at a time, each by a thread. Up to
     * as many more ask sources for their bytes.
     *
     * @param threads 1 to 1024, or 0 for the library's choice, else an {@code
     *     IllegalArgumentException}
     * @return this
     */
    public Builder threads(int threads) {
      OptionChecks.range("threads", threads, 0, 1024);
      return set(v -> v.threads = threads);
    }

    /**
     * Bounds the memory through which bytes pass on their way to files.
     *
     * @param bytes 4 MiB or more, else an {@code IllegalArgumentException}; 128 MiB by default
     * @return this
     */
    public Builder memory(long bytes) {
      OptionChecks.range("memory", bytes, 4 << 20, Long.MAX_VALUE);
      return set(v -> v.memory = bytes);
    }

    /**
     * Chooses whether writes bypass the page cache.
     *
     * @param direct the mode; {@code AUTO} has small checkpoints go through the page cache
     * @return this
     */
    public Builder direct(DirectMode direct) {
      return set(v -> v.direct = Objects.requireNonNull(direct, "direct"));
    }

    /**
     * Tells somebody of progress.
     *
     * @param listener who; hears of bytes that the system took
     * @return this
     */
    public Builder progress(ProgressListener listener) {
      return set(v -> v.progress = Objects.requireNonNull(listener, "progress"));
    }

    /**
     * Gives the save a switch that ends it.
     *
     * @param cancellation the switch
     * @return this
     */
    public Builder cancellation(Cancellation cancellation) {
      return set(v -> v.cancellation = Objects.requireNonNull(cancellation, "cancellation"));
    }

    /**
     * Bounds how long the save may take.
     *
     * @param timeout above zero, else an {@code IllegalArgumentException}
     * @return this
     */
    public Builder timeout(Duration timeout) {
      OptionChecks.timeout(timeout);
      return set(v -> v.timeout = timeout);
    }

    /**
     * Makes the options; the builder can go on.
     *
     * @return the options
     */
    public SaveOptions build() {
      return new SaveOptions(values);
    }
  }
}
