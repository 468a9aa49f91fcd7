// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.spi;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.DirectMode;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How a session is to read; immutable. Two are equal if they say the same and have the same
 * monitor.
 *
 * @since 0.1
 */
public final class IoOptions {
  private final AccessPath path;
  private final boolean writable;
  private final DirectMode direct;
  private final int threads;
  private final long blockBytes;
  private final long alignment;
  private final long memoryBudget;
  private final Map<String, String> properties;
  private final IoMonitor monitor;

  private IoOptions(Builder builder) {
    this.path = builder.path;
    this.writable = builder.writable;
    this.direct = builder.direct;
    this.threads = builder.threads;
    this.blockBytes = builder.blockBytes;
    this.alignment = builder.alignment;
    this.memoryBudget = builder.memoryBudget;
    this.properties = builder.properties;
    this.monitor = builder.monitor;
  }

  /**
   * Starts with all choices left to the backend, and no bound on memory.
   *
   * @param monitor the engine's side
   * @return a builder
   */
  public static Builder builder(IoMonitor monitor) {
    return new Builder(monitor);
  }

  /** {@return mapped, copied, or the backend's choice; refused if not claimed (rule IO-121)} */
  public AccessPath path() {
    return path;
  }

  /**
   * {@return whether host memory that is handed out may be written, and no write reaches the file
   * or what else is handed out (rule IO-136)}
   */
  public boolean writable() {
    return writable;
  }

  /** {@return whether reads bypass the page cache; {@code ON} is refused if not claimed} */
  public DirectMode direct() {
    return direct;
  }

  /** {@return how many threads read; 0 is the backend's choice} */
  public int threads() {
    return threads;
  }

  /** {@return the size of a read; 0 is the backend's choice} */
  public long blockBytes() {
    return blockBytes;
  }

  /**
   * {@return a power of two that every range's address must be a multiple of; 0 is the backend's
   * choice}
   */
  public long alignment() {
    return alignment;
  }

  /**
   * {@return the most device memory that the session may hold, in bytes; {@link Long#MAX_VALUE} is
   * no bound}
   */
  public long memoryBudget() {
    return memoryBudget;
  }

  /**
   * {@return options of single backends, as {@code ID.NAME}; a session reads its own with {@link
   * #property}. {@code ID} alone is {@code on} where the user asked for that backend}
   */
  public Map<String, String> properties() {
    return properties;
  }

  /**
   * Returns the value of an option.
   *
   * @param <T> the type of the values
   * @param option one of those that the plug-in declares
   * @return what {@link #properties} says, or the default
   * @throws IllegalArgumentException if that is malformed; the engine checks it before it opens a
   *     session
   */
  public <T> T property(Provider.Option<T> option) {
    String text = properties.get(option.name());
    return text == null ? option.defaultValue() : option.parse(text, "a property of the load");
  }

  /** {@return the engine's side} */
  public IoMonitor monitor() {
    return monitor;
  }

  /** {@return a builder that starts with all that this has} */
  public Builder toBuilder() {
    return new Builder(monitor)
        .path(path)
        .writable(writable)
        .direct(direct)
        .threads(threads)
        .blockBytes(blockBytes)
        .alignment(alignment)
        .memoryBudget(memoryBudget)
        .properties(properties);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof IoOptions that
        && path.equals(that.path)
        && writable == that.writable
        && direct.equals(that.direct)
        && threads == that.threads
        && blockBytes == that.blockBytes
        && alignment == that.alignment
        && memoryBudget == that.memoryBudget
        && properties.equals(that.properties)
        && monitor.equals(that.monitor);
  }

  @Override
  public int hashCode() {
    return Objects.hash(
        path, writable, direct, threads, blockBytes, alignment, memoryBudget, properties, monitor);
  }

  @Override
  public String toString() {
    return "path "
        + path
        + ", writable "
        + writable
        + ", direct "
        + direct
        + ", threads "
        + threads
        + ", blockBytes "
        + blockBytes
        + ", alignment "
        + alignment
        + ", memoryBudget "
        + memoryBudget
        + ", properties "
        + properties.keySet()
        + ", monitor "
        + monitor;
  }

  /**
   * Makes options; not thread-safe.
   *
   * @since 0.1
   */
  public static final class Builder {
    private IoMonitor monitor;
    private AccessPath path = AccessPath.AUTO;
    private boolean writable;
    private DirectMode direct = DirectMode.AUTO;
    private int threads;
    private long blockBytes;
    private long alignment;
    private long memoryBudget = Long.MAX_VALUE;
    private Map<String, String> properties = Map.of();

    private Builder(IoMonitor monitor) {
      this.monitor = monitor;
    }

    /**
     * Sets how host memory gets the bytes.
     *
     * @param value mapped, copied, or the backend's choice; refused if not claimed (rule IO-121)
     * @return this
     */
    public Builder path(AccessPath value) {
      this.path = value;
      return this;
    }

    /**
     * Sets whether host memory that is handed out may be written; false unless set.
     *
     * @param value whether it may, and no write reaches the file or what else is handed out (rule
     *     IO-136)
     * @return this
     */
    public Builder writable(boolean value) {
      this.writable = value;
      return this;
    }

    /**
     * Sets whether reads bypass the page cache; {@code ON} is refused if not claimed.
     *
     * @param value whether reads bypass the page cache; {@code ON} is refused if not claimed
     * @return this
     */
    public Builder direct(DirectMode value) {
      this.direct = value;
      return this;
    }

    /**
     * Sets how many threads read; 0 is the backend's choice.
     *
     * @param value how many threads read; 0 is the backend's choice
     * @return this
     */
    public Builder threads(int value) {
      this.threads = value;
      return this;
    }

    /**
     * Sets the size of a read; 0 is the backend's choice.
     *
     * @param value the size of a read; 0 is the backend's choice
     * @return this
     */
    public Builder blockBytes(long value) {
      this.blockBytes = value;
      return this;
    }

    /**
     * Sets what every range's address must be a multiple of.
     *
     * @param value a power of two that every range's address must be a multiple of; 0 is the
     *     backend's choice
     * @return this
     */
    public Builder alignment(long value) {
      this.alignment = value;
      return this;
    }

    /**
     * Sets the most device memory that the session may hold, in bytes; {@link Long#MAX_VALUE} is no
     * bound.
     *
     * @param value the most device memory that the session may hold, in bytes; {@link
     *     Long#MAX_VALUE} is no bound
     * @return this
     */
    public Builder memoryBudget(long value) {
      this.memoryBudget = value;
      return this;
    }

    /**
     * Sets options of single backends.
     *
     * @param value options of single backends, as {@code ID.NAME}; others are ignored. {@code ID}
     *     alone is {@code on} where the user asked for that backend
     * @return this
     */
    public Builder properties(Map<String, String> value) {
      this.properties = Map.copyOf(value);
      return this;
    }

    /**
     * Sets the engine's side.
     *
     * @param value who is told of progress, and says whether to go on
     * @return this
     */
    public Builder monitor(IoMonitor value) {
      this.monitor = value;
      return this;
    }

    /** {@return options; the builder can go on} */
    public IoOptions build() {
      return new IoOptions(this);
    }
  }
}
