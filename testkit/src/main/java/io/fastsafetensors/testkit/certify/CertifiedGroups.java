// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.certify;

import io.fastsafetensors.Device;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Collective;
import io.fastsafetensors.testkit.CollectiveContract;
import io.fastsafetensors.testkit.LoopbackWorld;
import io.fastsafetensors.toolkit.plugin.Runtimes;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.ExtendWith;

/** The contract of groups, on those of a collective that was found; ranks are threads. */
@ExtendWith({SubjectParameter.class, TestLimit.class})
@TestMethodOrder(RuleOrder.class)
final class CertifiedGroups extends CollectiveContract {
  private final Subject subject;

  CertifiedGroups(Subject subject) {
    this.subject = subject;
  }

  @Override
  public World newWorld(int size, Duration timeout) throws IOException {
    return new LoopbackWorld((Collective) subject.provider(), size, timeout, this::device);
  }

  @Override
  public Device device(int rank) {
    return subject.device().isCpu() ? Device.CPU : new Device(subject.device().type(), rank);
  }

  /** Each rank has a device of its own. */
  @Override
  public List<Integer> sizes() {
    long devices = subject.device().isCpu() ? Long.MAX_VALUE : countDevices();
    return super.sizes().stream().filter(size -> size <= devices).toList();
  }

  private long countDevices() {
    try {
      return Runtimes.of(subject.device()).devices().size();
    } catch (LoadException e) {
      return 0;
    }
  }
}
