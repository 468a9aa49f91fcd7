// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.Device;
import io.fastsafetensors.spi.DeviceRuntime;
import java.util.Optional;

/**
 * What the rules of device runtimes are tried on.
 *
 * @since 0.1
 */
public interface DeviceRules {
  /**
   * Ways to break a device on purpose.
   *
   * @since 0.1
   */
  interface Faults {
    /** Makes the next operation that a stream carries out fail. */
    void failNextOperation();

    /**
     * Stops all streams of the device, or lets them go on.
     *
     * @param still true to stop
     */
    void stall(boolean still);
  }

  /**
   * Returns the runtime.
   *
   * @return the plug-in that is certified
   */
  DeviceRuntime runtime();

  /**
   * Returns the device to try.
   *
   * @return the first of its type, unless overridden
   */
  default Device device() {
    return new Device(runtime().type(), 0);
  }

  /**
   * Returns a way to break the device, where there is one: a simulated driver.
   *
   * @return empty unless overridden: the rules of failing devices are skipped then
   */
  default Optional<Faults> faults() {
    return Optional.empty();
  }

  /**
   * Returns where and how long to try.
   *
   * @return the environment of the system, unless overridden
   */
  default TestkitEnvironment environment() {
    return TestkitEnvironment.fromSystem();
  }
}
