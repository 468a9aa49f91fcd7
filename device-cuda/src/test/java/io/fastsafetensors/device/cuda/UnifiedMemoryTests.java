// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.Device;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.FileReport;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.device.cuda.simulated.SimulatedDriver;
import io.fastsafetensors.device.cuda.simulated.SimulatedDriver.Fault;
import io.fastsafetensors.device.cuda.simulated.SimulatedDriver.Live;
import io.fastsafetensors.device.cuda.simulated.UnifiedMemory;
import io.fastsafetensors.format.LoadException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** On devices that use the host's memory all is as on others, but nothing is staged or copied. */
@ExtendWith(UnifiedMemory.class)
class UnifiedMemoryTests extends LoadTests {
  private final SimulatedDriver driver = SimulatedDriver.isReal() ? null : SimulatedDriver.get();

  @ParameterizedTest
  @EnumSource
  void filesAreReadStraightIntoTheirPlace(DirectMode mode) throws LoadException {
    LoadOptions options = LoadOptions.builder().direct(mode).build();
    try (Loader gpu = loader(CUDA);
        Loader cpu = loader(Device.CPU);
        FileBuffer wanted = cpu.load()) {
      long allocations = driver.uses(Fault.ALLOCATION);
      long operations = driver.uses(Fault.OPERATION);
      try (FileBuffer buffer = gpu.load(options)) {
        // The file's, and scratch memory for what is off the grain of direct reads.
        assertThat(driver.uses(Fault.ALLOCATION))
            .as("buffers")
            .isBetween(allocations + 1, allocations + 2);
        assertThat(driver.live(Live.PINNED)).isBetween(1L, 2L);
        assertThat(driver.live(Live.MEMORY)).isZero();
        assertThat(driver.live(Live.STREAMS)).isZero();
        for (String name : wanted.keys()) {
          assertSeen(buffer.tensor(name), bytes(wanted.tensor(name)));
        }
      }
      assertThat(driver.uses(Fault.OPERATION)).as("copies").isEqualTo(operations);
    }
  }

  private static void assertSeen(Tensor tensor, byte[] wanted) {
    MemorySegment host = tensor.host().orElseThrow();
    assertThat(host.address()).isEqualTo(tensor.address());
    assertThat(host.toArray(ValueLayout.JAVA_BYTE)).as(tensor.name()).isEqualTo(wanted);
  }

  @Test
  void explainSaysWhichMemoryAndThatThePageCacheWasPassed() throws LoadException {
    LoadOptions options = LoadOptions.builder().direct(DirectMode.ON).build();
    try (Loader gpu = loader(CUDA);
        FileBuffer _ = gpu.load(options)) {
      FileReport report = gpu.explain().files().getFirst();
      assertThat(report.reason().toString()).startsWith("unified memory: 100% direct");
      assertThat(report.bytesByPath()).containsOnlyKeys(TransferPath.DIRECT);
    }
  }
}
