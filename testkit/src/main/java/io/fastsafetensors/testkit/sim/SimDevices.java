// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.sim;

import io.fastsafetensors.spi.DeviceRuntime;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A set of simulated devices that share one address space; thread-safe.
 *
 * <p>A test that counts or breaks something makes its own set; what {@link java.util.ServiceLoader}
 * finds works on the {@link #shared} one.
 *
 * @since 0.1
 */
public final class SimDevices {
  private static final SimDevices SHARED = new SimDevices(8, 8L << 30);

  private final SimMemory memory = new SimMemory();
  private final List<SimDevice> devices;

  /**
   * Makes a set.
   *
   * @param count how many devices, at least 1
   * @param bytesEach the memory of each, in bytes
   * @throws IllegalArgumentException if there is no device or no memory
   */
  public SimDevices(int count, long bytesEach) {
    if (count < 1 || bytesEach < 1) {
      throw new IllegalArgumentException(count + " devices of " + bytesEach + " bytes");
    }
    this.devices =
        IntStream.range(0, count).mapToObj(index -> new SimDevice(index, bytesEach)).toList();
  }

  /**
   * Returns the set of this process: eight devices of 8 GiB.
   *
   * @return the set behind {@code sim:0} to {@code sim:7}
   */
  public static SimDevices shared() {
    return SHARED;
  }

  /**
   * Returns one device's switches and counters.
   *
   * @param index which one
   * @return the device
   * @throws IndexOutOfBoundsException if there is none of that index
   */
  public SimDevice get(int index) {
    return devices.get(index);
  }

  /**
   * Counts the devices.
   *
   * @return at least 1
   */
  public int count() {
    return devices.size();
  }

  /**
   * Makes a runtime over this set.
   *
   * @return the runtime
   */
  public DeviceRuntime runtime() {
    return new SimRuntime(this);
  }

  SimMemory memory() {
    return memory;
  }
}
