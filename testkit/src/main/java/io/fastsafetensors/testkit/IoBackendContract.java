// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.spi.IoBackend;
import io.fastsafetensors.spi.Provider;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;

/**
 * Certifies a backend on one device: extend it, return the backend and the runtime, run with JUnit.
 *
 * <p>Certify a backend that serves devices on {@code sim:0} as well, with {@code
 * Device.parse("sim:0")}: only there a missing wait shows. Tests of a capability that the backend
 * does not claim, and all tests where it is unavailable, are skipped with the reason.
 *
 * @since 0.1
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class IoBackendContract
    implements ProviderRules, IoReadRules, IoFailureRules, IoLifetimeRules {
  /** Made by JUnit. */
  protected IoBackendContract() {}

  @Override
  public Provider provider() {
    return backend();
  }

  @Override
  public Class<? extends Provider> service() {
    return IoBackend.class;
  }

  @Override
  public Availability probe() {
    return backend().probe(device());
  }
}
