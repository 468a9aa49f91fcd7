// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda.simulated;

import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Lets the simulated devices use the host's memory; {@link DriverChecks} ends that. */
public final class UnifiedMemory implements BeforeEachCallback {
  @Override
  public void beforeEach(ExtensionContext context) {
    SimulatedDriver.get().integrate(true);
  }
}
