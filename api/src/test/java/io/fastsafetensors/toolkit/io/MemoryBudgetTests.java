// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.io;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.fastsafetensors.Device;
import io.fastsafetensors.DeviceMemoryException;
import org.junit.jupiter.api.Test;

class MemoryBudgetTests {
  @Test
  void moreThanIsLeftIsRefusedAndTakesNothing() throws DeviceMemoryException {
    MemoryBudget budget = new MemoryBudget(Device.CPU, 100);
    budget.take(60);
    assertThatExceptionOfType(DeviceMemoryException.class)
        .isThrownBy(() -> budget.take(41))
        .withMessageContaining("41")
        .withMessageContaining("budget of the load is 100 bytes")
        .withMessageContaining("map the files");
    budget.take(40);
  }

  @Test
  void whatIsGivenBackCanBeTakenAgain() throws DeviceMemoryException {
    MemoryBudget budget = new MemoryBudget(new Device("gpu", 0), Long.MAX_VALUE);
    budget.take(Long.MAX_VALUE);
    assertThatExceptionOfType(DeviceMemoryException.class)
        .isThrownBy(() -> budget.take(1))
        .withMessageNotContaining("map the files"); // only the host's memory can be a mapping
    budget.giveBack(1);
    budget.take(1);
  }
}
