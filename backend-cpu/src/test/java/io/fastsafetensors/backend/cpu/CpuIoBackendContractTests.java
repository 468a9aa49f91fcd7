// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.cpu;

import io.fastsafetensors.spi.IoBackend;
import io.fastsafetensors.testkit.IoBackendContract;

class CpuIoBackendContractTests extends IoBackendContract {
  @Override
  public IoBackend backend() {
    return new CpuIoBackend();
  }
}
