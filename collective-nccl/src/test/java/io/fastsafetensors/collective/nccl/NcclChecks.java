// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.nccl;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Loads the simulated NCCL before the tests of a class; after each, no communicator may live. */
final class NcclChecks implements BeforeAllCallback, AfterEachCallback {
  @Override
  public void beforeAll(ExtensionContext context) {
    SimulatedNccl.get();
  }

  @Override
  public void afterEach(ExtensionContext context) {
    SimulatedNccl.get().reset();
    assertThat(SimulatedNccl.get().live()).as("communicators left alive").isZero();
  }
}
