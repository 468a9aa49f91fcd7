// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.Device;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceRuntime;
import io.fastsafetensors.spi.IoBackend;
import io.fastsafetensors.toolkit.plugin.Runtimes;
import java.util.Map;

/**
 * What the rules of backends are tried on.
 *
 * @since 0.1
 */
public interface IoRules {
  /**
   * Returns the backend.
   *
   * @return the plug-in that is certified
   */
  IoBackend backend();

  /**
   * Returns the device that the backend reads into.
   *
   * @return {@code cpu}, unless overridden
   */
  default Device device() {
    return Device.CPU;
  }

  /**
   * Returns what makes the memory that the backend reads into.
   *
   * @return the runtime that a loader takes for {@link #device}, unless overridden
   * @throws LoadException if there is none here
   */
  default DeviceRuntime runtime() throws LoadException {
    return Runtimes.of(device());
  }

  /**
   * Returns the options of its own that the backend is tried with.
   *
   * @return {@link io.fastsafetensors.spi.IoOptions#properties}: none, unless overridden
   */
  default Map<String, String> properties() {
    return Map.of();
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
