// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.certify;

import io.fastsafetensors.spi.DeviceRuntime;
import io.fastsafetensors.testkit.DeviceRuntimeContract;
import io.fastsafetensors.testkit.sim.SimDevices;
import io.fastsafetensors.testkit.sim.SimFaults;
import io.fastsafetensors.testkit.sim.SimRuntime;
import java.util.Optional;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.ExtendWith;

/** The contract of device runtimes, on one that was found. */
@ExtendWith({SubjectParameter.class, TestLimit.class})
@TestMethodOrder(RuleOrder.class)
final class CertifiedRuntime extends DeviceRuntimeContract {
  private final Subject subject;

  CertifiedRuntime(Subject subject) {
    this.subject = subject;
  }

  @Override
  public DeviceRuntime runtime() {
    return (DeviceRuntime) subject.provider();
  }

  @Override
  public Optional<Faults> faults() {
    return runtime() instanceof SimRuntime
        ? Optional.of(new SimFaults(SimDevices.shared().get(0)))
        : Optional.empty();
  }
}
