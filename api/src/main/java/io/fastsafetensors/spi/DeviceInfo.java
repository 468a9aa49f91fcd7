// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.spi;

import io.fastsafetensors.Device;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What an operator wants to know of a device; immutable.
 *
 * @since 0.1
 */
public final class DeviceInfo {
  private final Device device;
  private final String name;
  private final long totalBytes;
  private final String detail;

  private DeviceInfo(Builder builder) {
    this.device = builder.device;
    this.name = builder.name;
    this.totalBytes = builder.totalBytes;
    this.detail = builder.detail;
  }

  /**
   * Starts a description without size and detail.
   *
   * @param device the device
   * @param name the maker's name of it
   * @return a builder
   */
  public static Builder builder(Device device, String name) {
    return new Builder(device, name);
  }

  /** {@return the device} */
  public Device device() {
    return device;
  }

  /** {@return the maker's name of it} */
  public String name() {
    return name;
  }

  /** {@return its memory in bytes; 0 if unknown} */
  public long totalBytes() {
    return totalBytes;
  }

  /** {@return bus address, node, versions: one line; may be empty} */
  public String detail() {
    return detail;
  }

  /** {@return a builder that starts with all that this has} */
  public Builder toBuilder() {
    return new Builder(device, name).totalBytes(totalBytes).detail(detail);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof DeviceInfo that
        && device.equals(that.device)
        && name.equals(that.name)
        && totalBytes == that.totalBytes
        && detail.equals(that.detail);
  }

  @Override
  public int hashCode() {
    return Objects.hash(device, name, totalBytes, detail);
  }

  @Override
  public String toString() {
    return "device "
        + device
        + ", name "
        + name
        + ", totalBytes "
        + totalBytes
        + ", detail "
        + detail;
  }

  /**
   * Makes a description; not thread-safe.
   *
   * @since 0.1
   */
  public static final class Builder {
    private final Device device;
    private final String name;
    private long totalBytes;
    private String detail = "";

    private Builder(Device device, String name) {
      this.device = device;
      this.name = name;
    }

    /**
     * Sets its memory in bytes; 0 if unknown.
     *
     * @param value its memory in bytes; 0 if unknown
     * @return this
     */
    public Builder totalBytes(long value) {
      this.totalBytes = value;
      return this;
    }

    /**
     * Sets bus address, node, versions: one line; may be empty.
     *
     * @param value bus address, node, versions: one line; may be empty
     * @return this
     */
    public Builder detail(String value) {
      this.detail = value;
      return this;
    }

    /** {@return a description; the builder can go on} */
    public DeviceInfo build() {
      return new DeviceInfo(this);
    }
  }
}
