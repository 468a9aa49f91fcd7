// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import io.fastsafetensors.format.DType;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * How to load; immutable. Made by {@link #builder()} or {@link #toBuilder()}. Two are equal if they
 * load the same in the same way; listener and switch don't count.
 *
 * @since 0.1
 */
public final class LoadOptions {
  private final LoadValues values;
  private final Cancellation cancellation;

  private LoadOptions(Builder builder) {
    this.values = builder.values.copy();
    this.cancellation = Objects.requireNonNullElseGet(values.cancellation, Cancellation::new);
  }

  /** {@return what {@link #builder()} starts from; it throws what that throws} */
  public static LoadOptions defaults() {
    return builder().build();
  }

  /**
   * {@return a builder that starts from the settings {@code load.*} of {@link Configuration}} Each
   * of its methods replaces what was set for its option, {@link Builder#dtype(String, DType)} and
   * {@link Builder#keepDtype} all rules. Which backend reads, and its options, is completed from
   * the settings when a load starts.
   *
   * @throws IllegalArgumentException if a setting is malformed; it says where it was set
   */
  public static Builder builder() {
    Builder builder = Engines.get().configure(new Builder(new LoadValues()));
    builder.values.dtypes = builder.values.dtypes.inherited();
    return builder;
  }

  /** {@return a builder with all that these have, and with their switch only if it was set} */
  public Builder toBuilder() {
    return new Builder(values.copy());
  }

  /** {@return the type that floating-point tensors are converted to; empty leaves each as it is} */
  public Optional<DType> dtype() {
    return values.dtypes.all();
  }

  /** {@return what becomes of tensors by name, the first rule that matches; unmodifiable} */
  public List<DTypeRule> dtypeRules() {
    return values.dtypes.byName();
  }

  /** {@return the id of the backend asked for; empty is the best available} */
  public Optional<String> backend() {
    return values.backend;
  }

  /** {@return how host memory gets the bytes} */
  public AccessPath path() {
    return values.path;
  }

  /** {@return whether all tensors may be written, and no write reaches a file} */
  public boolean writable() {
    return values.writable;
  }

  /** {@return whether reads bypass the page cache} */
  public DirectMode direct() {
    return values.direct;
  }

  /** {@return how many threads read; 0 is the backend's choice} */
  public int threads() {
    return values.threads;
  }

  /** {@return the size of a read, in bytes; 0 is the backend's choice} */
  public long blockBytes() {
    return values.blockBytes;
  }

  /** {@return what tensors' addresses are multiples of, in bytes; 0 is the backend's choice} */
  public long alignment() {
    return values.alignment;
  }

  /** {@return the most device memory that the load may take; Long.MAX_VALUE is no bound} */
  public long memoryBudget() {
    return values.memoryBudget;
  }

  /** {@return globs over names, of which one must match; empty wants all tensors; unmodifiable} */
  public List<String> filters() {
    return values.filters;
  }

  /** {@return what this rank wants of each tensor; empty wants all, read by the files' owners} */
  public Optional<Selection> selection() {
    return Optional.ofNullable(values.selection);
  }

  /** {@return which rank reads which bytes of what is selected} */
  public Distribution distribution() {
    return values.distribution;
  }

  /** {@return whether a group keeps its files, and what it gave out of them, for a second call} */
  public boolean cache() {
    return values.cache;
  }

  /** {@return how long the load may take; one hour by default} */
  public Duration timeout() {
    return values.timeout;
  }

  /** {@return who hears of progress} */
  public ProgressListener progress() {
    return values.progress;
  }

  /** {@return the switch that ends the load; one of its own unless set} */
  public Cancellation cancellation() {
    return cancellation;
  }

  /** {@return options of backends, as {@link Builder#property} takes them; unmodifiable} */
  public Map<String, String> properties() {
    return values.properties;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof LoadOptions that && values.compared().equals(that.values.compared());
  }

  @Override
  public int hashCode() {
    return values.compared().hashCode();
  }

  /** Returns all but listener, switch, and values of properties: some are secret. */
  @Override
  public String toString() {
    return values.toString();
  }

  /**
   * Makes options; not thread-safe. What is out of range is an {@code IllegalArgumentException}.
   *
   * @since 0.1
   */
  public static final class Builder {
    private final LoadValues values;

    private Builder(LoadValues values) {
      this.values = values;
    }

    private Builder set(Consumer<LoadValues> change) {
      change.accept(values);
      return this;
    }

    /**
     * Converts tensors of F64, F32, F16 and BF16 while loading, on the device, unless a rule names
     * them. Others stay as they are, 8-bit floats too: their scale is a tensor of its own. {@link
     * DType} says how numbers are rounded. If a tensor can't be converted so, loading is an {@code
     * IllegalArgumentException} before it reads any; to a larger type tensors are converted when
     * they are asked for ({@link TensorOptions#of(DType)}).
     *
     * @param dtype the type, one of floating point; at most as large as those in the file
     * @return this
     * @throws IllegalArgumentException if it is another type: name the tensors that are to have it
     */
    public Builder dtype(DType dtype) {
      return set(v -> v.dtypes = v.dtypes.withAll(dtype));
    }

    /**
     * Converts tensors by name while loading, on the device, also from and to integers: {@link
     * DType} has the table. The first rule that matches a tensor counts, before {@link
     * #dtype(DType)}. If a rule matches no tensor, or one that can't be converted so, loading is an
     * {@code IllegalArgumentException} before it reads anything.
     *
     * @param glob a pattern in which {@code *} stands for any characters and {@code ?} for one
     * @param dtype the type, for all that match equal or smaller in size than in the file
     * @return this
     */
    public Builder dtype(String glob, DType dtype) {
      return set(v -> v.dtypes = v.dtypes.converting(glob, dtype));
    }

    /**
     * Leaves tensors as they are in the file, whatever {@link #dtype(DType)} and later rules say.
     *
     * @param glob as for {@link #dtype(String, DType)}
     * @return this
     */
    public Builder keepDtype(String glob) {
      return set(v -> v.dtypes = v.dtypes.keeping(glob));
    }

    /**
     * Asks for one backend; loading fails if it is unavailable.
     *
     * @param id the backend's id; {@code auto} is the best available, whatever is set from outside
     * @return this
     */
    public Builder backend(String id) {
      return set(v -> v.backend = Optional.of(id));
    }

    /**
     * Chooses how host memory gets the bytes.
     *
     * @param path the path
     * @return this
     */
    public Builder path(AccessPath path) {
      return set(v -> v.path = path);
    }

    /**
     * Has all tensors {@linkplain Tensor#isWritable writable}: what is mapped is mapped privately,
     * so that no write reaches a file. Loads are as fast, writes cost what is told there.
     *
     * @param writable true if tensors may be written; false by default
     * @return this
     */
    public Builder writable(boolean writable) {
      return set(v -> v.writable = writable);
    }

    /**
     * Chooses whether reads bypass the page cache.
     *
     * @param direct the mode
     * @return this
     */
    public Builder direct(DirectMode direct) {
      return set(v -> v.direct = direct);
    }

    /**
     * Sets how many threads read.
     *
     * @param threads 1 to 1024, or 0 for the backend's choice
     * @return this
     */
    public Builder threads(int threads) {
      OptionChecks.range("threads", threads, 0, 1024);
      return set(v -> v.threads = threads);
    }

    /**
     * Sets the size of a read.
     *
     * @param bytes 4096 to 2^30, or 0 for the backend's choice
     * @return this
     */
    public Builder blockBytes(long bytes) {
      OptionChecks.blockBytes(bytes);
      return set(v -> v.blockBytes = bytes);
    }

    /**
     * Sets what every tensor's address is to be a multiple of; those that aren't in the file move.
     *
     * @param bytes a power of two up to 4096, or 0 for the backend's choice
     * @return this
     */
    public Builder alignment(long bytes) {
      OptionChecks.alignment(bytes);
      return set(v -> v.alignment = bytes);
    }

    /**
     * Bounds the device memory that the load may take.
     *
     * @param bytes above 0
     * @return this
     */
    public Builder memoryBudget(long bytes) {
      OptionChecks.range("memoryBudget", bytes, 1, Long.MAX_VALUE);
      return set(v -> v.memoryBudget = bytes);
    }

    /**
     * Loads only tensors whose names match. Loading is an {@code IllegalArgumentException} if a
     * glob matches no tensor; it names the nearest.
     *
     * @param globs one or more, as for {@link #dtype(String, DType)}
     * @return this
     */
    public Builder filter(String... globs) {
      OptionChecks.notEmpty(globs);
      return set(v -> v.filters = List.of(globs));
    }

    /**
     * Loads parts of the tensors that pass the {@link #filter}, which the {@link FileBuffer} gives
     * out without other ranks.
     *
     * @param selection what this rank wants
     * @return this
     */
    public Builder selection(Selection selection) {
      return set(v -> v.selection = Objects.requireNonNull(selection, "selection"));
    }

    /**
     * Chooses which rank reads which bytes of what is {@linkplain #selection selected}.
     *
     * @param distribution the same on all ranks
     * @return this
     */
    public Builder distribution(Distribution distribution) {
      return set(v -> v.distribution = Objects.requireNonNull(distribution, "distribution"));
    }

    /**
     * Tells somebody of progress.
     *
     * @param listener who
     * @return this
     */
    public Builder progress(ProgressListener listener) {
      return set(v -> v.progress = listener);
    }

    /**
     * Gives the load a switch that ends it.
     *
     * @param cancellation the switch
     * @return this
     */
    public Builder cancellation(Cancellation cancellation) {
      return set(v -> v.cancellation = cancellation);
    }

    /**
     * Bounds how long the load may take.
     *
     * @param timeout above zero
     * @return this
     */
    public Builder timeout(Duration timeout) {
      OptionChecks.timeout(timeout);
      return set(v -> v.timeout = timeout);
    }

    /**
     * Keeps a group's files, and what was given out of them, for who asks again. Takes memory.
     *
     * @param cache true to keep
     * @return this
     */
    public Builder cache(boolean cache) {
      return set(v -> v.cache = cache);
    }

    /**
     * Sets an option of one backend, or says whether it is used: {@code on} is as {@link #backend},
     * {@code off} leaves it out, {@code auto} is the library's choice. Loading with what is unknown
     * or contradicts itself is an {@code IllegalArgumentException}.
     *
     * @param key {@code ID.NAME}, or {@code ID}
     * @param value as {@link Configuration.Setting#form} says, or on, off, auto
     * @return this
     */
    public Builder property(String key, String value) {
      Map<String, String> changed = new HashMap<>(values.properties);
      changed.put(key, value);
      return set(v -> v.properties = Map.copyOf(changed));
    }

    /**
     * {@return the options; the builder can go on}
     *
     * @throws IllegalArgumentException if files are to be mapped, and read past the page cache
     */
    public LoadOptions build() {
      OptionChecks.together(values.path, values.direct);
      return new LoadOptions(this);
    }
  }
}
