// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix;

import io.fastsafetensors.spi.IoBackend;
import io.fastsafetensors.testkit.IoBackendContract;

final class PosixBackendContractTests extends IoBackendContract {
  @Override
  public IoBackend backend() {
    return new PosixIoBackend();
  }
}
