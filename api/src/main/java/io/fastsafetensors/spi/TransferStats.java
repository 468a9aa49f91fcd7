// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.spi;

import io.fastsafetensors.Reason;
import io.fastsafetensors.TransferPath;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How the bytes of one file came; immutable.
 *
 * @since 0.1
 */
public final class TransferStats {
  private final Map<TransferPath, Long> bytesByPath;
  private final long storageBytes;
  private final long readNanos;
  private final long copyNanos;
  private final Reason reason;

  private TransferStats(Builder builder) {
    this.bytesByPath = Map.copyOf(builder.bytesByPath);
    this.storageBytes = builder.storageBytes();
    this.readNanos = builder.readNanos;
    this.copyNanos = builder.copyNanos;
    this.reason = builder.reason;
  }

  /**
   * Starts with no bytes and no time.
   *
   * @return a builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /** {@return how many bytes took which path; gaps that were read are counted} */
  public Map<TransferPath, Long> bytesByPath() {
    return bytesByPath;
  }

  /**
   * {@return how many of the bytes came from storage, as far as is known: those that were read by
   * way of the page cache, and weren't seen there before, count}
   */
  public long storageBytes() {
    return storageBytes;
  }

  /** {@return time spent in reads, summed over threads} */
  public long readNanos() {
    return readNanos;
  }

  /** {@return time spent waiting for copies to the device, summed over threads} */
  public long copyNanos() {
    return copyNanos;
  }

  /** {@return why this path, one line for operators} */
  public Reason reason() {
    return reason;
  }

  /** {@return a builder that starts with all that this has} */
  public Builder toBuilder() {
    return new Builder()
        .bytesByPath(bytesByPath)
        .storageBytes(storageBytes)
        .readNanos(readNanos)
        .copyNanos(copyNanos)
        .reason(reason);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof TransferStats that
        && bytesByPath.equals(that.bytesByPath)
        && storageBytes == that.storageBytes
        && readNanos == that.readNanos
        && copyNanos == that.copyNanos
        && reason.equals(that.reason);
  }

  @Override
  public int hashCode() {
    return Objects.hash(bytesByPath, storageBytes, readNanos, copyNanos, reason);
  }

  @Override
  public String toString() {
    return "bytesByPath "
        + bytesByPath
        + ", storageBytes "
        + storageBytes
        + ", readNanos "
        + readNanos
        + ", copyNanos "
        + copyNanos
        + ", reason "
        + reason;
  }

  /**
   * Makes statistics; not thread-safe.
   *
   * @since 0.1
   */
  public static final class Builder {
    private final Map<TransferPath, Long> bytesByPath = new EnumMap<>(TransferPath.class);
    private @Nullable Long storageBytes;
    private long readNanos;
    private long copyNanos;
    private Reason reason = Reason.NONE;

    private Builder() {}

    /**
     * Sets how many bytes took which path.
     *
     * @param value bytes by path; gaps that were read are counted
     * @return this
     */
    public Builder bytesByPath(Map<TransferPath, Long> value) {
      bytesByPath.clear();
      bytesByPath.putAll(value);
      return this;
    }

    /**
     * Sets how many of the bytes came from storage.
     *
     * @param value bytes; unless set, those that took another path than {@link TransferPath#CACHED}
     *     and {@link TransferPath#MAPPED}
     * @return this
     */
    public Builder storageBytes(long value) {
      this.storageBytes = value;
      return this;
    }

    private long storageBytes() {
      Long known = storageBytes;
      return known != null
          ? known
          : bytesByPath.entrySet().stream()
              .filter(way -> way.getKey().isOfStorage())
              .mapToLong(Map.Entry::getValue)
              .sum();
    }

    /**
     * Sets time spent in reads, summed over threads.
     *
     * @param value time spent in reads, summed over threads
     * @return this
     */
    public Builder readNanos(long value) {
      this.readNanos = value;
      return this;
    }

    /**
     * Sets time spent waiting for copies to the device, summed over threads.
     *
     * @param value time spent waiting for copies to the device, summed over threads
     * @return this
     */
    public Builder copyNanos(long value) {
      this.copyNanos = value;
      return this;
    }

    /**
     * Sets why this path.
     *
     * @param value the reason, one line for operators
     * @return this
     */
    public Builder reason(Reason value) {
      this.reason = value;
      return this;
    }

    /**
     * Sets why this path, in words alone: the code is {@code path.other}.
     *
     * @param text one line for operators
     * @return this
     */
    public Builder reason(String text) {
      return reason(Reason.of("path.other", text));
    }

    /**
     * Counts bytes in addition to those that took the same path before.
     *
     * @param path the path
     * @param bytes how many; gaps that were read are counted; 0 counts nothing
     * @return this
     */
    public Builder bytes(TransferPath path, long bytes) {
      if (bytes > 0) {
        bytesByPath.merge(path, bytes, Math::addExact);
      }
      return this;
    }

    /** {@return statistics; the builder can go on} */
    public TransferStats build() {
      return new TransferStats(this);
    }
  }
}
