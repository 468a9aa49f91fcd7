// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.certify;

import io.fastsafetensors.Device;
import io.fastsafetensors.spi.IoBackend;
import io.fastsafetensors.testkit.IoBackendContract;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.ExtendWith;

/** The contract of backends, on one that was found. */
@ExtendWith({SubjectParameter.class, TestLimit.class})
@TestMethodOrder(RuleOrder.class)
final class CertifiedBackend extends IoBackendContract {
  private final Subject subject;

  CertifiedBackend(Subject subject) {
    this.subject = subject;
  }

  @Override
  public IoBackend backend() {
    return (IoBackend) subject.provider();
  }

  @Override
  public Device device() {
    return subject.device();
  }
}
