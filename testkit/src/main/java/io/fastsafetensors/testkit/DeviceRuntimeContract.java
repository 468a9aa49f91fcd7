// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.spi.DeviceRuntime;
import io.fastsafetensors.spi.Provider;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;

/**
 * Certifies a device runtime: extend it, override {@link #runtime()}, and {@link #device()} for
 * another device than the first, and run it with JUnit 5. A test that takes five minutes is ended.
 *
 * @since 0.1
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class DeviceRuntimeContract
    implements ProviderRules,
        DeviceMemoryRules,
        DeviceLateMemoryRules,
        DeviceKeepingRules,
        DeviceStreamRules {
  /** Made by JUnit. */
  protected DeviceRuntimeContract() {}

  @Override
  public Provider provider() {
    return runtime();
  }

  @Override
  public Class<? extends Provider> service() {
    return DeviceRuntime.class;
  }

  @Override
  public Availability probe() {
    return runtime().probe();
  }
}
