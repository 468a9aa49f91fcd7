// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How to stream; immutable. Made by {@link #builder()} or {@link #toBuilder()}.
 *
 * @since 0.1
 */
public final class StreamOptions {
  /** The window unless set: 256 MiB. */
  private static final long WINDOW = 256L << 20;

  private static final long LEAST_WINDOW = 1 << 20;
  private static final Duration HELD_TIMEOUT = Duration.ofSeconds(30);

  private final LoadOptions load;
  private final long window;
  private final boolean pieces;
  private final List<String> order;
  private final Duration heldTimeout;

  private StreamOptions(Builder builder) {
    this.load = builder.load == null ? LoadOptions.defaults() : builder.load;
    this.window = builder.window;
    this.pieces = builder.pieces;
    this.order = builder.order;
    this.heldTimeout = builder.heldTimeout;
  }

  /**
   * Returns what {@link #builder()} starts from: {@link LoadOptions#defaults}, and a window of 256
   * MiB.
   *
   * @return options
   */
  public static StreamOptions defaults() {
    return builder().build();
  }

  /** {@return a builder that starts with the defaults} */
  public static Builder builder() {
    return new Builder();
  }

  /** {@return a builder with all that these have} */
  public Builder toBuilder() {
    return new Builder()
        .load(load)
        .window(window)
        .pieces(pieces)
        .order(order)
        .heldTimeout(heldTimeout);
  }

  /** {@return what is streamed, and how it is read} */
  public LoadOptions load() {
    return load;
  }

  /** {@return the memory for tensors, read ahead or given out, in bytes} */
  public long window() {
    return window;
  }

  /** {@return whether large tensors may come in pieces} */
  public boolean pieces() {
    return pieces;
  }

  /** {@return the names that come first, in order; unmodifiable} */
  public List<String> order() {
    return order;
  }

  /** {@return how long a full window is waited for} */
  public Duration heldTimeout() {
    return heldTimeout;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof StreamOptions that
        && load.equals(that.load)
        && window == that.window
        && pieces == that.pieces
        && order.equals(that.order)
        && heldTimeout.equals(that.heldTimeout);
  }

  @Override
  public int hashCode() {
    return Objects.hash(load, window, pieces, order, heldTimeout);
  }

  @Override
  public String toString() {
    return "window %s, pieces %s, order %s, heldTimeout %s, %s"
        .formatted(window, pieces, order, heldTimeout, load);
  }

  /**
   * Makes options; not thread-safe.
   *
   * @since 0.1
   */
  public static final class Builder {
    private @Nullable LoadOptions load;
    private long window = WINDOW;
    private boolean pieces;
    private List<String> order = List.of();
    private Duration heldTimeout = HELD_TIMEOUT;

    private Builder() {}

    /**
     * Says what is streamed, by filter or selection, and how it is read and converted. The {@link
     * LoadOptions#timeout} bounds the wait for one more tensor, not the whole stream; {@link
     * LoadOptions#memoryBudget} bounds the window.
     *
     * @param options the options
     * @return this
     */
    public Builder load(LoadOptions options) {
      load = Objects.requireNonNull(options, "load");
      return this;
    }

    /**
     * Sets the memory for tensors: those that are read ahead, and those that were given out and not
     * closed. In a group the smallest window of all ranks counts.
     *
     * @param bytes 1 MiB or more, else an {@code IllegalArgumentException}
     * @return this
     */
    public Builder window(long bytes) {
      OptionChecks.range("window", bytes, LEAST_WINDOW, Long.MAX_VALUE);
      window = bytes;
      return this;
    }

    /**
     * Lets a tensor come in pieces that is larger than an eighth of the window: runs of its
     * elements, one after the other, each with its {@link StreamedTensor#offset}.
     *
     * @param allowed true if pieces are welcome; without, a tensor that doesn't fit into the window
     *     is an error before anything is read
     * @return this
     */
    public Builder pieces(boolean allowed) {
      pieces = allowed;
      return this;
    }

    /**
     * Puts tensors first. The others follow as they are stored, which is fastest.
     *
     * @param names tensors that are streamed, in order, each once; the same on all ranks
     * @return this
     */
    public Builder order(List<String> names) {
      order = List.copyOf(names);
      return this;
    }

    /**
     * Bounds how long {@link TensorStream#next} waits while nothing can be read because the tensors
     * that are not closed leave no room in the window.
     *
     * @param timeout above zero, else an {@code IllegalArgumentException}; 30 seconds by default
     * @return this
     */
    public Builder heldTimeout(Duration timeout) {
      OptionChecks.timeout(timeout);
      heldTimeout = timeout;
      return this;
    }

    /**
     * Makes the options; the builder can go on.
     *
     * @return the options
     */
    public StreamOptions build() {
      return new StreamOptions(this);
    }
  }
}
