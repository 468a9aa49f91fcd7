// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix;

import io.fastsafetensors.spi.DeviceRuntime;
import io.fastsafetensors.testkit.DeviceRuntimeContract;

final class LinuxRuntimeContractTests extends DeviceRuntimeContract {
  @Override
  public DeviceRuntime runtime() {
    return new LinuxRuntime();
  }
}
