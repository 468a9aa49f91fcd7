// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.Device;
import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.spi.Collective;
import io.fastsafetensors.spi.Provider;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Certifies the provider of a collective; its groups are certified by a {@link CollectiveContract}.
 * Extend it, override {@link #collective()}, and {@link #device()} unless that is {@code cpu}, and
 * run it with JUnit 5.
 *
 * @since 0.1
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class CollectiveProviderContract implements ProviderRules {
  /** Made by JUnit. */
  protected CollectiveProviderContract() {}

  /**
   * Returns the collective.
   *
   * @return the plug-in that is certified
   */
  public abstract Collective collective();

  /**
   * Returns where the data is.
   *
   * @return {@code cpu} unless overridden
   */
  public Device device() {
    return Device.CPU;
  }

  @Override
  public Provider provider() {
    return collective();
  }

  @Override
  public Class<? extends Provider> service() {
    return Collective.class;
  }

  @Override
  public Availability probe() {
    return collective().probe(device());
  }

  /** Rule P-103: whatever device is asked for, also one that is not there. */
  @Test
  public void required_p103_probeAnswersForAnyDevice() {
    Probing.checkAnyDevice(device -> collective().probe(device));
  }
}
