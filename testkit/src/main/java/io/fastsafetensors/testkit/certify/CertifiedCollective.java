// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.certify;

import io.fastsafetensors.Device;
import io.fastsafetensors.spi.Collective;
import io.fastsafetensors.testkit.CollectiveProviderContract;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.ExtendWith;

/** The contract of a collective's provider, on one that was found. */
@ExtendWith({SubjectParameter.class, TestLimit.class})
@TestMethodOrder(RuleOrder.class)
final class CertifiedCollective extends CollectiveProviderContract {
  private final Subject subject;

  CertifiedCollective(Subject subject) {
    this.subject = subject;
  }

  @Override
  public Collective collective() {
    return (Collective) subject.provider();
  }

  @Override
  public Device device() {
    return subject.device();
  }
}
