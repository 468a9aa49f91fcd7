// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix;

import io.fastsafetensors.Device;
import io.fastsafetensors.spi.IoBackend;
import io.fastsafetensors.testkit.IoBackendContract;

final class PosixBackendOnSimulatedDeviceContractTests extends IoBackendContract {
  @Override
  public IoBackend backend() {
    return new PosixIoBackend();
  }

  @Override
  public Device device() {
    return Device.parse("sim:0");
  }
}
