// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.toolkit.text.Amounts;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How to load; immutable. Made by {@link #builder()}.
 *
 * @param dtype the type that floating-point tensors are converted to while loading; empty leaves
 *     each as in the file
 * @param dtypeRules what becomes of tensors by name, whatever {@code dtype} says; of several rules
 *     that match a tensor the first counts
 * @param backend the id of the backend asked for; empty is the best available
 * @param path how host memory gets the bytes
 * @param direct whether reads bypass the page cache
 * @param threads how many threads read; 0 is the backend's choice
 * @param blockBytes the size of a read; 0 is the backend's choice
 * @param alignment what every tensor's address is to be a multiple of, in bytes; 0 is the backend's
 *     choice
 * @param memoryBudget the most device memory that the load may take, in bytes; {@link
 *     Long#MAX_VALUE} is no bound
 * @param filters globs over names, of which one must match; empty wants all tensors
 * @param cache whether a group keeps its files, and what it gave out of them, for a second call
 * @param timeout how long the load may take; one hour by default
 * @param progress who hears of progress
 * @param cancellation the switch that ends the load
 * @param properties options of single backends, by {@code ID.NAME}; by the bare {@code ID} whether
 *     a backend is used: {@code auto}, {@code on} or {@code off}
 * @since 0.1
 */
public record LoadOptions(
    Optional<DType> dtype,
    List<DTypeRule> dtypeRules,
    Optional<String> backend,
    AccessPath path,
    DirectMode direct,
    int threads,
    long blockBytes,
    long alignment,
    long memoryBudget,
    List<String> filters,
    boolean cache,
    Duration timeout,
    ProgressListener progress,
    Cancellation cancellation,
    Map<String, String> properties) {
  /**
   * Checks the numbers and copies the collections.
   *
   * @throws IllegalArgumentException if a number is out of the range that the builder documents, or
   *     {@code dtype} is no floating-point type
   */
  public LoadOptions {
    dtype.ifPresent(LoadOptions::checkFloatingPoint);
    dtypeRules = List.copyOf(dtypeRules);
    checkRange("threads", threads, 0, 1024);
    checkBlockBytes(blockBytes);
    checkAlignment(alignment);
    checkRange("memoryBudget", memoryBudget, 1, Long.MAX_VALUE);
    checkTimeout(timeout);
    filters = List.copyOf(filters);
    properties = Map.copyOf(properties);
  }

  /** An integer type for whole checkpoints is a slip: of most weights nothing would be left. */
  private static void checkFloatingPoint(DType dtype) {
    if (!dtype.isFloatingPoint()) {
      throw new IllegalArgumentException(
          ("dtype %s is no floating-point type, so that it can't be for all tensors: name those that"
                  + " are to be %s, as in dtype(\"layers.*\", %s) or --dtype 'layers.*=%s'")
              .formatted(dtype, dtype, dtype, dtype));
    }
  }

  private static void checkBlockBytes(long bytes) {
    if (bytes != 0) {
      checkRange("blockBytes", bytes, 4096, 1 << 30);
    }
  }

  private static void checkAlignment(long bytes) {
    checkRange("alignment", bytes, 0, 4096);
    if (Long.bitCount(bytes) > 1) {
      throw new IllegalArgumentException("alignment " + bytes + " is not a power of two");
    }
  }

  private static void checkTimeout(Duration timeout) {
    if (!timeout.isPositive()) {
      throw new IllegalArgumentException(
          "timeout " + Amounts.duration(timeout) + ": want more than nothing");
    }
  }

  private static void checkRange(String what, long value, long min, long max) {
    if (value < min || value > max) {
      throw new IllegalArgumentException(what + " " + value + ": want " + min + " to " + max);
    }
  }

  /**
   * Returns the defaults: every choice is the library's.
   *
   * @return options
   */
  public static LoadOptions defaults() {
    return builder().build();
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
   * Makes options; not thread-safe.
   *
   * @since 0.1
   */
  public static final class Builder {
    private @Nullable DType dtype;
    private final List<DTypeRule> dtypeRules = new ArrayList<>();
    private @Nullable String backend;
    private AccessPath path = AccessPath.AUTO;
    private DirectMode direct = DirectMode.AUTO;
    private int threads;
    private long blockBytes;
    private long alignment;
    private long memoryBudget = Long.MAX_VALUE;
    private List<String> filters = List.of();
    private ProgressListener progress = (done, total) -> {};
    private Cancellation cancellation = new Cancellation();
    private Duration timeout = Duration.ofHours(1);
    private boolean cache;
    private Map<String, String> properties = Map.of();

    private Builder() {}

    /**
     * Converts floating-point tensors while loading, on the device: those of F64, F32, F16 and BF16
     * that no rule of {@link #dtype(String, DType)} or {@link #keepDtype} names. All others stay as
     * they are: integers, BOOL, C64, packed data (F4, F6), scales (F8_E8M0), and the 8-bit floats,
     * whose values mean something only together with a scale that is a tensor of its own. The
     * {@link LoadReport} counts both. How numbers are rounded, {@link DType} says.
     *
     * <p>A load whose tensors can't all be converted fails with an {@code IllegalArgumentException}
     * before it reads any: to a larger type, for instance, tensors are converted when they are
     * asked for ({@link FileBuffer#tensor(String, DType)}).
     *
     * @param dtype the type, one of floating point; at most as large as those in the file
     * @return this
     * @throws IllegalArgumentException if it is another type: name the tensors that are to have it
     */
    public Builder dtype(DType dtype) {
      checkFloatingPoint(dtype);
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
      dtypeRules.add(new DTypeRule(glob, Optional.of(dtype)));
      return this;
    }

    /**
     * Leaves tensors as they are in the file, whatever {@link #dtype(DType)} and later rules say.
     *
     * @param glob a pattern in which {@code *} stands for any characters and {@code ?} for one; a
     *     load fails if it matches no tensor of the files
     * @return this
     */
    public Builder keepDtype(String glob) {
      dtypeRules.add(new DTypeRule(glob, Optional.empty()));
      return this;
    }

    /**
     * Asks for one backend; loading fails if it is unavailable.
     *
     * @param id the backend's id
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
      checkRange("threads", threads, 0, 1024);
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
      checkBlockBytes(bytes);
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
      checkAlignment(bytes);
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
      checkRange("memoryBudget", bytes, 1, Long.MAX_VALUE);
      this.memoryBudget = bytes;
      return this;
    }

    /**
     * Loads only tensors whose names match; only their bytes are read. Loading is an {@code
     * IllegalArgumentException} if none matches; a glob that matches nothing while another does is
     * a warning in the log.
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
      checkTimeout(timeout);
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
     * choice. Loading with another value, or with values that contradict each other, is an {@code
     * IllegalArgumentException}.
     *
     * @param key {@code ID.NAME}, or {@code ID}
     * @param value what the backend documents; {@code auto}, {@code on} or {@code off}
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
      return new LoadOptions(
          Optional.ofNullable(dtype),
          dtypeRules,
          Optional.ofNullable(backend),
          path,
          direct,
          threads,
          blockBytes,
          alignment,
          memoryBudget,
          filters,
          cache,
          timeout,
          progress,
          cancellation,
          properties);
    }
  }
}
