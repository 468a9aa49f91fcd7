// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.spi.IoBackend;
import io.fastsafetensors.spi.Provider;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Certifies a backend on one device: extend it, override {@link #backend()}, and {@link #device()}
 * unless that is {@code cpu}, and run it with JUnit 5. The memory comes from the runtime that a
 * loader would take; override {@link #runtime()} for another one.
 *
 * <p>Certify a backend that serves devices on {@code sim:0} as well, with {@code
 * Device.parse("sim:0")}: only there a missing wait shows. Tests of a capability that the backend
 * does not claim, and all tests where it is unavailable, are skipped with the reason. A test that
 * takes five minutes is ended. The README says how to run it for a plug-in that is a module.
 *
 * @since 0.1
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class IoBackendContract
    implements ProviderRules,
        IoReadRules,
        IoChannelRules,
        IoOpenFileRules,
        IoWayRules,
        IoWritableRules,
        IoFailureRules,
        IoLifetimeRules,
        IoEarlyRules {
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

  /** Rule P-103: whatever device is asked for, also one that is not there. */
  @Test
  public void required_p103_probeAnswersForAnyDevice() {
    Probing.checkAnyDevice(device -> backend().probe(device));
  }
}
