// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * How one file was loaded, and why so; immutable.
 *
 * @since 0.1
 */
public final class FileReport {
  private final Path file;
  private final String backend;
  private final Map<TransferPath, Long> bytesByPath;
  private final long storageBytes;
  private final int tensors;
  private final long bytes;
  private final Duration elapsed;
  private final Duration readTime;
  private final Duration copyTime;
  private final Reason reason;

  private FileReport(Builder builder) {
    this.file = builder.file;
    this.backend = builder.backend;
    this.bytesByPath = builder.bytesByPath;
    this.storageBytes = builder.storageBytes;
    this.tensors = builder.tensors;
    this.bytes = builder.bytes;
    this.elapsed = builder.elapsed;
    this.readTime = builder.readTime;
    this.copyTime = builder.copyTime;
    this.reason = builder.reason;
  }

  /**
   * Starts a report on no bytes yet.
   *
   * @param file the file
   * @param backend the id of the backend that read it
   * @return a builder
   */
  public static Builder builder(Path file, String backend) {
    return new Builder(file, backend);
  }

  /** {@return the file} */
  public Path file() {
    return file;
  }

  /** {@return the id of the backend that read it} */
  public String backend() {
    return backend;
  }

  /** {@return how many bytes took which path; unmodifiable} */
  public Map<TransferPath, Long> bytesByPath() {
    return bytesByPath;
  }

  /**
   * {@return how many of the bytes came from storage, as far as is known; the others were in the
   * page cache}
   */
  public long storageBytes() {
    return storageBytes;
  }

  /** {@return how many tensors were loaded} */
  public int tensors() {
    return tensors;
  }

  /** {@return the tensors' size in the file, in bytes} */
  public long bytes() {
    return bytes;
  }

  /** {@return the time from the start of the load until the file was complete} */
  public Duration elapsed() {
    return elapsed;
  }

  /** {@return the time spent in reads, summed over threads} */
  public Duration readTime() {
    return readTime;
  }

  /** {@return the time spent waiting for copies to the device, summed over threads} */
  public Duration copyTime() {
    return copyTime;
  }

  /** {@return why this backend and this path} */
  public Reason reason() {
    return reason;
  }

  /** {@return a builder that starts with all that this has} */
  public Builder toBuilder() {
    return new Builder(file, backend)
        .bytesByPath(bytesByPath)
        .storageBytes(storageBytes)
        .tensors(tensors)
        .bytes(bytes)
        .elapsed(elapsed)
        .readTime(readTime)
        .copyTime(copyTime)
        .reason(reason);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof FileReport that
        && file.equals(that.file)
        && backend.equals(that.backend)
        && bytesByPath.equals(that.bytesByPath)
        && storageBytes == that.storageBytes
        && tensors == that.tensors
        && bytes == that.bytes
        && elapsed.equals(that.elapsed)
        && readTime.equals(that.readTime)
        && copyTime.equals(that.copyTime)
        && reason.equals(that.reason);
  }

  @Override
  public int hashCode() {
    return Objects.hash(
        file,
        backend,
        bytesByPath,
        storageBytes,
        tensors,
        bytes,
        elapsed,
        readTime,
        copyTime,
        reason);
  }

  /** Returns a line. */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%s: %s, %s, %s tensors, done after %.3f s: %s",
        file,
        backend,
        paths(),
        tensors,
        elapsed.toNanos() / 1e9,
        reason);
  }

  private String paths() {
    return bytesByPath.isEmpty()
        ? "0 bytes"
        : bytesByPath.entrySet().stream()
            .sorted(Map.Entry.comparingByKey())
            .map(e -> e.getValue() + " bytes " + e.getKey())
            .collect(Collectors.joining(", "));
  }

  /**
   * Makes a report; not thread-safe.
   *
   * @since 0.1
   */
  public static final class Builder {
    private final Path file;
    private final String backend;
    private Map<TransferPath, Long> bytesByPath = Map.of();
    private long storageBytes;
    private int tensors;
    private long bytes;
    private Duration elapsed = Duration.ZERO;
    private Duration readTime = Duration.ZERO;
    private Duration copyTime = Duration.ZERO;
    private Reason reason = Reason.NONE;

    private Builder(Path file, String backend) {
      this.file = file;
      this.backend = backend;
    }

    /**
     * Sets how many bytes took which path.
     *
     * @param value bytes by path
     * @return this
     */
    public Builder bytesByPath(Map<TransferPath, Long> value) {
      this.bytesByPath = Map.copyOf(value);
      return this;
    }

    /**
     * Sets how many of the bytes came from storage.
     *
     * @param value bytes
     * @return this
     */
    public Builder storageBytes(long value) {
      this.storageBytes = value;
      return this;
    }

    /**
     * Sets how many tensors were loaded.
     *
     * @param value how many tensors were loaded
     * @return this
     */
    public Builder tensors(int value) {
      this.tensors = value;
      return this;
    }

    /**
     * Sets the tensors' size in the file, in bytes.
     *
     * @param value the tensors' size in the file, in bytes
     * @return this
     */
    public Builder bytes(long value) {
      this.bytes = value;
      return this;
    }

    /**
     * Sets the time from the start of the load until the file was complete.
     *
     * @param value the time from the start of the load until the file was complete
     * @return this
     */
    public Builder elapsed(Duration value) {
      this.elapsed = value;
      return this;
    }

    /**
     * Sets the time spent in reads, summed over threads.
     *
     * @param value the time spent in reads, summed over threads
     * @return this
     */
    public Builder readTime(Duration value) {
      this.readTime = value;
      return this;
    }

    /**
     * Sets the time spent waiting for copies to the device, summed over threads.
     *
     * @param value the time spent waiting for copies to the device, summed over threads
     * @return this
     */
    public Builder copyTime(Duration value) {
      this.copyTime = value;
      return this;
    }

    /**
     * Sets why this backend and this path.
     *
     * @param value why this backend and this path
     * @return this
     */
    public Builder reason(Reason value) {
      this.reason = value;
      return this;
    }

    /** {@return a report; the builder can go on} */
    public FileReport build() {
      return new FileReport(this);
    }
  }
}
