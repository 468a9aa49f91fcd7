// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds.simulated;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.backend.gds.simulated.SimulatedCuFile.Fact;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** After each test, no handle and no registration may be left, and no mistake noticed. */
public final class CuFileChecks
    implements BeforeAllCallback, BeforeEachCallback, AfterEachCallback {
  private long violationsBefore;

  @Override
  public void beforeAll(ExtensionContext context) {
    SimulatedCuFile.get();
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    SimulatedCuFile.get().reset();
    violationsBefore = SimulatedCuFile.get().violations();
  }

  @Override
  public void afterEach(ExtensionContext context) {
    SimulatedCuFile cufile = SimulatedCuFile.get();
    assertThat(cufile.fact(Fact.LIVE_HANDLES)).as("handles left").isZero();
    assertThat(cufile.fact(Fact.LIVE_WINDOWS)).as("registrations left").isZero();
    assertThat(cufile.violations()).as("mistakes noticed").isEqualTo(violationsBefore);
  }
}
