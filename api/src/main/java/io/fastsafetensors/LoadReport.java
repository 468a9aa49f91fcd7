// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a load did on this rank, and why; immutable.
 *
 * @since 0.1
 */
public final class LoadReport {
  private final Device device;
  private final List<PluginReport> candidates;
  private final List<ConversionReport> conversions;
  private final List<FileReport> files;
  private final long bytes;
  private final Duration elapsed;
  private final long keptBytes;
  private final Optional<Distribution> distribution;
  private final Reason distributionReason;
  private final long receivedBytes;

  private LoadReport(Builder builder) {
    this.device = builder.device;
    this.candidates = builder.candidates;
    this.conversions = builder.conversions;
    this.files = builder.files;
    this.bytes = builder.bytes;
    this.elapsed = builder.elapsed;
    this.keptBytes = builder.keptBytes;
    this.distribution = builder.distribution;
    this.distributionReason = builder.distributionReason;
    this.receivedBytes = builder.receivedBytes;
  }

  /**
   * Starts a report on a load that has not been made yet.
   *
   * @param device where the tensors are
   * @return a builder
   */
  public static Builder builder(Device device) {
    return new Builder(device);
  }

  /** {@return where the tensors are} */
  public Device device() {
    return device;
  }

  /**
   * {@return every plug-in that was considered, in the order of preference, with its reason;
   * unmodifiable}
   */
  public List<PluginReport> candidates() {
    return candidates;
  }

  /**
   * {@return what became of the types of this rank's tensors; empty if no conversion was asked for;
   * unmodifiable}
   */
  public List<ConversionReport> conversions() {
    return conversions;
  }

  /** {@return each file that this rank read; unmodifiable} */
  public List<FileReport> files() {
    return files;
  }

  /** {@return the tensors' size, in bytes} */
  public long bytes() {
    return bytes;
  }

  /** {@return how long the load took} */
  public Duration elapsed() {
    return elapsed;
  }

  /**
   * {@return the memory, in bytes, that earlier loads of the loader could not free yet, because a
   * file that hangs may still write to it; 0 unless a load was left behind}
   */
  public long keptBytes() {
    return keptBytes;
  }

  /**
   * {@return which rank read which bytes: {@link Distribution#OWNER}, {@code LOCAL} or {@code
   * SHARED}; empty for a load without a {@link Selection}}
   */
  public Optional<Distribution> distribution() {
    return distribution;
  }

  /** {@return why the bytes were distributed so} */
  public Reason distributionReason() {
    return distributionReason;
  }

  /**
   * Returns how many bytes this rank read from storage.
   *
   * @return bytes, as far as is known; gaps that were read are counted
   */
  public long storageBytes() {
    return files.stream().mapToLong(FileReport::storageBytes).sum();
  }

  /**
   * Returns how many bytes this rank found in the page cache.
   *
   * @return bytes, as far as is known
   */
  public long cachedBytes() {
    long all =
        files.stream()
            .flatMap(file -> file.bytesByPath().values().stream())
            .mapToLong(b -> b)
            .sum();
    return all - storageBytes();
  }

  /** {@return how many bytes of this rank's tensors other ranks sent while it loaded} */
  public long receivedBytes() {
    return receivedBytes;
  }

  /**
   * Returns the speed.
   *
   * @return 10^9 bytes a second; 0 if nothing was loaded
   */
  public double gbps() {
    return bytes == 0 ? 0 : (double) bytes / Math.max(1, elapsed.toNanos());
  }

  /** {@return a builder that starts with all that this has} */
  public Builder toBuilder() {
    Builder builder =
        new Builder(device)
            .candidates(candidates)
            .conversions(conversions)
            .files(files)
            .bytes(bytes)
            .elapsed(elapsed)
            .keptBytes(keptBytes)
            .receivedBytes(receivedBytes);
    distribution.ifPresent(how -> builder.distribution(how, distributionReason));
    return builder;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof LoadReport that
        && device.equals(that.device)
        && candidates.equals(that.candidates)
        && conversions.equals(that.conversions)
        && files.equals(that.files)
        && bytes == that.bytes
        && elapsed.equals(that.elapsed)
        && keptBytes == that.keptBytes
        && distribution.equals(that.distribution)
        && distributionReason.equals(that.distributionReason)
        && receivedBytes == that.receivedBytes;
  }

  @Override
  public int hashCode() {
    return Objects.hash(
        device,
        candidates,
        conversions,
        files,
        bytes,
        elapsed,
        keptBytes,
        distribution,
        distributionReason,
        receivedBytes);
  }

  /**
   * Returns a line for the load, and one for each plug-in considered, for each type and option that
   * it was converted or left by, and for each file.
   */
  @Override
  public String toString() {
    return Stream.of(
            Stream.of(headline()),
            candidates.stream().map(PluginReport::toString),
            conversions.stream().map(ConversionReport::toString),
            distribution.stream().map(how -> describe(how)),
            files.stream().map(FileReport::toString),
            keptBytes == 0
                ? Stream.<String>empty()
                : Stream.of(keptBytes + " bytes are kept until files that hang answer"))
        .flatMap(lines -> lines)
        .collect(Collectors.joining("\n  "));
  }

  private String describe(Distribution how) {
    return "distribution %s: %s; bytes from storage %s, from the page cache %s, from other ranks %s"
        .formatted(
            how.name().toLowerCase(Locale.ROOT),
            distributionReason,
            storageBytes(),
            cachedBytes(),
            receivedBytes);
  }

  private String headline() {
    if (elapsed.isZero()) {
      return "device " + device + ", nothing loaded yet";
    }
    return String.format(
        Locale.ROOT,
        "%s bytes to %s in %.3f s, %.2f GB/s",
        bytes,
        device,
        elapsed.toNanos() / 1e9,
        gbps());
  }

  /**
   * Makes a report; not thread-safe.
   *
   * @since 0.1
   */
  public static final class Builder {
    private final Device device;
    private List<PluginReport> candidates = List.of();
    private List<ConversionReport> conversions = List.of();
    private List<FileReport> files = List.of();
    private long bytes;
    private Duration elapsed = Duration.ZERO;
    private long keptBytes;
    private Optional<Distribution> distribution = Optional.empty();
    private Reason distributionReason = Reason.NONE;
    private long receivedBytes;

    private Builder(Device device) {
      this.device = device;
    }

    /**
     * Sets every plug-in that was considered.
     *
     * @param value the plug-ins, in the order of preference
     * @return this
     */
    public Builder candidates(List<PluginReport> value) {
      this.candidates = List.copyOf(value);
      return this;
    }

    /**
     * Sets what became of the types of this rank's tensors.
     *
     * @param value the conversions
     * @return this
     */
    public Builder conversions(List<ConversionReport> value) {
      this.conversions = List.copyOf(value);
      return this;
    }

    /**
     * Sets each file that this rank read.
     *
     * @param value the files
     * @return this
     */
    public Builder files(List<FileReport> value) {
      this.files = List.copyOf(value);
      return this;
    }

    /**
     * Sets the tensors' size, in bytes.
     *
     * @param value the tensors' size, in bytes
     * @return this
     */
    public Builder bytes(long value) {
      this.bytes = value;
      return this;
    }

    /**
     * Sets how long the load took.
     *
     * @param value how long the load took
     * @return this
     */
    public Builder elapsed(Duration value) {
      this.elapsed = value;
      return this;
    }

    /**
     * Sets how much memory is kept for loads that were left behind.
     *
     * @param value bytes
     * @return this
     */
    public Builder keptBytes(long value) {
      this.keptBytes = value;
      return this;
    }

    /**
     * Sets which rank read which bytes.
     *
     * @param value the distribution of a load with a selection
     * @param reason why it was chosen
     * @return this
     */
    public Builder distribution(Distribution value, Reason reason) {
      this.distribution = Optional.of(value);
      this.distributionReason = reason;
      return this;
    }

    /**
     * Sets how much other ranks sent.
     *
     * @param value bytes
     * @return this
     */
    public Builder receivedBytes(long value) {
      this.receivedBytes = value;
      return this;
    }

    /** {@return a report; the builder can go on} */
    public LoadReport build() {
      return new LoadReport(this);
    }
  }
}
