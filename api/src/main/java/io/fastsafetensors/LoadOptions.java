// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import io.fastsafetensors.format.DType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How to load; immutable. Made by {@link #builder()} or {@link #toBuilder()}.
 *
 * <p>Two are equal if they load the same in the same way. Who hears of progress, and the switch
 * that ends the load, don't count.
 *
 * @since 0.1
 */
public final class LoadOptions {
  private static final ProgressListener SILENT = (done, total) -> {};

  private final Optional<DType> dtype;
  private final List<DTypeRule> dtypeRules;
  private final Optional<String> backend;
  private final AccessPath path;
  private final DirectMode direct;
  private final int threads;
  private final long blockBytes;
  private final long alignment;
  private final long memoryBudget;
  private final List<String> filters;
  private final boolean cache;
  private final Duration timeout;
  private final ProgressListener progress;
  private final Cancellation cancellation;
  private final @Nullable Cancellation given;
  private final Map<String, String> properties;

  private LoadOptions(Builder builder) {
    this.dtype = Optional.ofNullable(builder.dtype);
    this.dtypeRules = List.copyOf(builder.dtypeRules);
    this.backend = Optional.ofNullable(builder.backend);
    this.path = builder.path;
    this.direct = builder.direct;
    this.threads = builder.threads;
    this.blockBytes = builder.blockBytes;
    this.alignment = builder.alignment;
    this.memoryBudget = builder.memoryBudget;
    this.filters = builder.filters;
    this.cache = builder.cache;
    this.timeout = builder.timeout;
    this.progress = builder.progress;
    this.cancellation = Objects.requireNonNullElseGet(builder.cancellation, Cancellation::new);
    this.properties = builder.properties;
    this.given = builder.cancellation;
  }

  /**
   * Returns what {@link #builder()} starts from.
   *
   * @return options
   * @throws IllegalArgumentException as {@link #builder()}
   */
  public static LoadOptions defaults() {
    return builder().build();
  }

  /**
   * Starts from what is set from outside of the program, by the settings {@code load.*} of {@link
   * Configuration}; what isn't set is the library's choice. Each method of the builder replaces
   * what was set for its option, {@link Builder#dtype(String, DType)} and {@link Builder#keepDtype}
   * all rules. Which backend reads, and options of backends, are completed from outside when a load
   * starts: where the program says nothing of either.
   *
   * @return a builder
   * @throws IllegalArgumentException if a setting is malformed; it says where it was set
   */
  public static Builder builder() {
    Builder builder = Engines.get().configure(new Builder());
    builder.inheritedRules = builder.dtypeRules.size();
    return builder;
  }

  /**
   * Starts from these options.
   *
   * @return a builder with all that these have, and with their switch only if it was set
   */
  public Builder toBuilder() {
    return new Builder(this);
  }

  /**
   * {@return the type that floating-point tensors are converted to while loading; empty leaves each
   * as in the file}
   */
  public Optional<DType> dtype() {
    return dtype;
  }

  /**
   * {@return what becomes of tensors by name, whatever {@link #dtype} says; of several rules that
   * match a tensor the first counts; unmodifiable}
   */
  public List<DTypeRule> dtypeRules() {
    return dtypeRules;
  }

  /** {@return the id of the backend asked for; empty is the best available} */
  public Optional<String> backend() {
    return backend;
  }

  /** {@return how host memory gets the bytes} */
  public AccessPath path() {
    return path;
  }

  /** {@return whether reads bypass the page cache} */
  public DirectMode direct() {
    return direct;
  }

  /** {@return how many threads read; 0 is the backend's choice} */
  public int threads() {
    return threads;
  }

  /** {@return the size of a read, in bytes; 0 is the backend's choice} */
  public long blockBytes() {
    return blockBytes;
  }

  /**
   * {@return what every tensor's address is to be a multiple of, in bytes; 0 is the backend's
   * choice}
   */
  public long alignment() {
    return alignment;
  }

  /**
   * {@return the most device memory that the load may take, in bytes; {@link Long#MAX_VALUE} is no
   * bound}
   */
  public long memoryBudget() {
    return memoryBudget;
  }

  /** {@return globs over names, of which one must match; empty wants all tensors; unmodifiable} */
  public List<String> filters() {
    return filters;
  }

  /** {@return whether a group keeps its files, and what it gave out of them, for a second call} */
  public boolean cache() {
    return cache;
  }

  /** {@return how long the load may take; one hour by default} */
  public Duration timeout() {
    return timeout;
  }

  /** {@return who hears of progress} */
  public ProgressListener progress() {
    return progress;
  }

  /** {@return the switch that ends the load; one of its own unless set} */
  public Cancellation cancellation() {
    return cancellation;
  }

  /**
   * {@return options of single backends, by {@code ID.NAME}; by the bare {@code ID} whether a
   * backend is used: {@code auto}, {@code on} or {@code off}; unmodifiable}
   */
  public Map<String, String> properties() {
    return properties;
  }

  /** Lists what counts for equality, by name. */
  private Map<String, Object> compared() {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("dtype", dtype);
    all.put("dtypeRules", dtypeRules);
    all.put("backend", backend);
    all.put("path", path);
    all.put("direct", direct);
    all.put("threads", threads);
    all.put("blockBytes", blockBytes);
    all.put("alignment", alignment);
    all.put("memoryBudget", memoryBudget);
    all.put("filters", filters);
    all.put("cache", cache);
    all.put("timeout", timeout);
    all.put("properties", properties);
    return all;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof LoadOptions that && compared().equals(that.compared());
  }

  @Override
  public int hashCode() {
    return compared().hashCode();
  }

  /**
   * Returns all but who hears of progress, the switch, and values of properties: some are secret.
   */
  @Override
  public String toString() {
    Map<String, Object> shown = compared();
    shown.put("properties", properties.keySet());
    return shown.toString();
  }

  /**
   * Makes options; not thread-safe.
   *
   * @since 0.1
   */
  public static final class Builder {
    private @Nullable DType dtype;
    private final List<DTypeRule> dtypeRules = new ArrayList<>();
    private int inheritedRules;
    private @Nullable String backend;
    private AccessPath path = AccessPath.AUTO;
    private DirectMode direct = DirectMode.AUTO;
    private int threads;
    private long blockBytes;
    private long alignment;
    private long memoryBudget = Long.MAX_VALUE;
    private List<String> filters = List.of();
    private ProgressListener progress = SILENT;
    private @Nullable Cancellation cancellation;
    private Duration timeout = Duration.ofHours(1);
    private boolean cache;
    private Map<String, String> properties = Map.of();

    private Builder() {}

    private Builder(LoadOptions options) {
      this.dtype = options.dtype.orElse(null);
      this.backend = options.backend.orElse(null);
      this.path = options.path;
      this.direct = options.direct;
      this.threads = options.threads;
      this.blockBytes = options.blockBytes;
      this.alignment = options.alignment;
      this.memoryBudget = options.memoryBudget;
      this.filters = options.filters;
      this.cache = options.cache;
      this.timeout = options.timeout;
      this.progress = options.progress;
      this.properties = options.properties;
      this.dtypeRules.addAll(options.dtypeRules);
      this.cancellation = options.given;
    }

    /**
     * Converts floating-point tensors while loading, on the device: those of F64, F32, F16 and BF16
     * that no rule of {@link #dtype(String, DType)} or {@link #keepDtype} names. All others stay as
     * they are: integers, BOOL, C64, packed data (F4, F6), scales (F8_E8M0), and the 8-bit floats,
     * whose values mean something only together with a scale that is a tensor of its own. The
     * {@link LoadReport} counts both. How numbers are rounded, {@link DType} says.
     *
     * <p>A load whose tensors can't all be converted fails with an {@code IllegalArgumentException}
     * before it reads any: to a larger type, for instance, tensors are converted when they are
     * asked for ({@link TensorOptions#of(DType)}).
     *
     * @param dtype the type, one of floating point; at most as large as those in the file
     * @return this
     * @throws IllegalArgumentException if it is another type: name the tensors that are to have it
     */
    public Builder dtype(DType dtype) {
      OptionChecks.floatingPoint(dtype);
      this.dtype = dtype;
      return this;
    }

    /**
     * Converts tensors by name while loading, on the device: all that match, also integers, and
     * also to integers. {@link DType} has the table of what can be converted, and what becomes of
     * fractions and of numbers that are too large.
     *
     * <p>Of several rules that match a tensor the first counts, whichever method made it; a rule
     * goes before {@link #dtype(DType)}. A load fails with an {@code IllegalArgumentException}
     * before it reads anything if a rule matches no tensor of the files, or one that can't be
     * converted so.
     *
     * @param glob a pattern in which {@code *} stands for any characters and {@code ?} for one
     * @param dtype the type, for all that match equal or smaller in size than in the file
     * @return this
     */
    public Builder dtype(String glob, DType dtype) {
      return add(new DTypeRule(glob, Optional.of(dtype)));
    }

    /**
     * Leaves tensors as they are in the file, whatever {@link #dtype(DType)} and later rules say.
     *
     * @param glob a pattern in which {@code *} stands for any characters and {@code ?} for one; a
     *     load fails if it matches no tensor of the files
     * @return this
     */
    public Builder keepDtype(String glob) {
      return add(new DTypeRule(glob, Optional.empty()));
    }

    /** The first rule of the program replaces those that are set from outside. */
    private Builder add(DTypeRule rule) {
      if (inheritedRules > 0) {
        dtypeRules.clear();
        inheritedRules = 0;
      }
      dtypeRules.add(rule);
      return this;
    }

    /**
     * Asks for one backend; loading fails if it is unavailable.
     *
     * @param id the backend's id; {@code auto} is the best available, whatever is set from outside
     * @return this
     */
    public Builder backend(String id) {
      this.backend = id;
      return this;
    }

    /**
     * Chooses how host memory gets the bytes.
     *
     * @param path the path
     * @return this
     */
    public Builder path(AccessPath path) {
      this.path = path;
      return this;
    }

    /**
     * Chooses whether reads bypass the page cache.
     *
     * @param direct the mode
     * @return this
     */
    public Builder direct(DirectMode direct) {
      this.direct = direct;
      return this;
    }

    /**
     * Sets how many threads read.
     *
     * @param threads 1 to 1024, or 0 for the backend's choice
     * @return this
     * @throws IllegalArgumentException if out of range
     */
    public Builder threads(int threads) {
      OptionChecks.range("threads", threads, 0, 1024);
      this.threads = threads;
      return this;
    }

    /**
     * Sets the size of a read.
     *
     * @param bytes 4096 to 2^30, or 0 for the backend's choice
     * @return this
     * @throws IllegalArgumentException if out of range
     */
    public Builder blockBytes(long bytes) {
      OptionChecks.blockBytes(bytes);
      this.blockBytes = bytes;
      return this;
    }

    /**
     * Sets what every tensor's address is to be a multiple of, at the price of moving those that
     * the file has misaligned.
     *
     * @param bytes a power of two up to 4096, or 0 for the backend's choice
     * @return this
     * @throws IllegalArgumentException if it is something else
     */
    public Builder alignment(long bytes) {
      OptionChecks.alignment(bytes);
      this.alignment = bytes;
      return this;
    }

    /**
     * Bounds the device memory that the load may take.
     *
     * @param bytes above 0
     * @return this
     * @throws IllegalArgumentException if it is not
     */
    public Builder memoryBudget(long bytes) {
      OptionChecks.range("memoryBudget", bytes, 1, Long.MAX_VALUE);
      this.memoryBudget = bytes;
      return this;
    }

    /**
     * Loads only tensors whose names match; only their bytes are read. Loading is an {@code
     * IllegalArgumentException} if a glob matches no tensor; it names the nearest.
     *
     * @param globs patterns in which {@code *} stands for any characters and {@code ?} for one; a
     *     tensor is wanted if one matches
     * @return this
     */
    public Builder filter(String... globs) {
      this.filters = List.of(globs);
      return this;
    }

    /**
     * Tells somebody of progress.
     *
     * @param listener who
     * @return this
     */
    public Builder progress(ProgressListener listener) {
      this.progress = listener;
      return this;
    }

    /**
     * Gives the load a switch that ends it.
     *
     * @param cancellation the switch
     * @return this
     */
    public Builder cancellation(Cancellation cancellation) {
      this.cancellation = cancellation;
      return this;
    }

    /**
     * Bounds how long the load may take.
     *
     * @param timeout above zero
     * @return this
     * @throws IllegalArgumentException if it is not
     */
    public Builder timeout(Duration timeout) {
      OptionChecks.timeout(timeout);
      this.timeout = timeout;
      return this;
    }

    /**
     * Keeps a group's files until the buffer is closed, so that tensors can be asked for again, and
     * what was given out, so that the same costs no second exchange. Takes memory for both.
     *
     * @param cache true to keep
     * @return this
     */
    public Builder cache(boolean cache) {
      this.cache = cache;
      return this;
    }

    /**
     * Sets an option of one backend, or says whether it is used: {@code on} is as if it had been
     * asked for by {@link #backend}, {@code off} leaves it out, {@code auto} is the library's
     * choice. Loading with an option that no plug-in declares, with another value, or with values
     * that contradict each other, is an {@code IllegalArgumentException} that names the nearest.
     *
     * @param key {@code ID.NAME}, or {@code ID}
     * @param value what {@link Configuration.Setting#form} says; {@code auto}, {@code on} or {@code
     *     off}
     * @return this
     */
    public Builder property(String key, String value) {
      Map<String, String> changed = new HashMap<>(properties);
      changed.put(key, value);
      this.properties = Map.copyOf(changed);
      return this;
    }

    /**
     * Makes the options; the builder can go on.
     *
     * @return the options
     */
    public LoadOptions build() {
      return new LoadOptions(this);
    }
  }
}
