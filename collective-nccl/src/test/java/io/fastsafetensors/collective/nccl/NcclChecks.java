// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.nccl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fastsafetensors.Device;
import io.fastsafetensors.device.cuda.simulated.SimulatedDriver;
import io.fastsafetensors.spi.Availability;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Loads the simulated NCCL before the tests of a class; after each, no communicator may live. With
 * {@code FST_CUDA_DRIVER=real} NCCL and the devices are real ones, and nothing is counted.
 */
final class NcclChecks implements BeforeAllCallback, AfterEachCallback {
  @Override
  public void beforeAll(ExtensionContext context) {
    if (SimulatedDriver.isReal()) {
      Availability answer = new NcclCollective().probe(new Device("cuda", 0));
      assumeTrue(answer instanceof Availability.Available, answer.toString());
    } else {
      SimulatedNccl.get();
    }
  }

  @Override
  public void afterEach(ExtensionContext context) {
    if (!SimulatedDriver.isReal()) {
      SimulatedNccl.get().reset();
      assertThat(SimulatedNccl.get().live()).as("communicators left alive").isZero();
    }
  }
}
