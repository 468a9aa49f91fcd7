// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda.simulated;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;

/**
 * Loads the driver before the tests of a class. After each test on the simulated one nothing may be
 * left alive in it, and it may have noticed no mistake.
 */
public final class DriverChecks
    implements BeforeAllCallback, BeforeEachCallback, AfterEachCallback {
  /** The tag of tests that make mistakes on purpose. */
  public static final String WRONG = "wrong";

  private static final Namespace OWN = Namespace.create(DriverChecks.class);
  private static final String VIOLATIONS = "violations";

  @Override
  public void beforeAll(ExtensionContext context) {
    SimulatedDriver.require();
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    if (!SimulatedDriver.isReal()) {
      SimulatedDriver.get().reset();
      context.getStore(OWN).put(VIOLATIONS, SimulatedDriver.get().violations());
    }
  }

  @Override
  public void afterEach(ExtensionContext context) {
    if (!SimulatedDriver.isReal() && context.getExecutionException().isEmpty()) {
      SimulatedDriver driver = SimulatedDriver.get();
      driver.reset();
      assertThat(driver.alive()).as("left alive in the driver").isEmpty();
      if (!context.getTags().contains(WRONG)) {
        assertThat(driver.violations())
            .as(driver.lastViolation())
            .isEqualTo(context.getStore(OWN).get(VIOLATIONS, Long.class));
      }
    }
  }
}
