// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.Device;
import io.fastsafetensors.spi.DeviceRuntime;
import io.fastsafetensors.spi.IoBackend;

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
   * Returns what makes the memory that the backend reads into.
   *
   * @return the runtime of {@link #device}
   */
  DeviceRuntime runtime();

  /**
   * Returns the device that the backend reads into.
   *
   * @return the first device of {@link #runtime}, unless overridden
   */
  default Device device() {
    return new Device(runtime().type(), 0);
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
