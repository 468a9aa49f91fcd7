// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.fastsafetensors.Device;
import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.device.cuda.simulated.DriverChecks;
import io.fastsafetensors.device.cuda.simulated.SimulatedDriver;
import io.fastsafetensors.device.cuda.simulated.SimulatedDriver.Fault;
import io.fastsafetensors.device.cuda.simulated.SimulatedDriver.Live;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import jcuda.driver.JCudaDriver;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a context does with the driver, beyond the rules: seen in the simulated driver's counts. */
@ExtendWith(DriverChecks.class)
class CudaContextTests {
  private static final long LARGE = 4L << 20;
  private static final Device FIRST = new Device("cuda", 0);
  private static final Device SECOND = new Device("cuda", 1);
  private static final int BYTES = 100_000;

  private static Deadline soon() {
    return Deadline.after(Duration.ofMinutes(1));
  }

  private static DeviceContext open(Device device) throws LoadException {
    DeviceContext context = new CudaRuntime().open(device);
    context.attach();
    return context;
  }

  @Test
  void noOtherDeviceGetsAContext() throws LoadException {
    SimulatedDriver driver = SimulatedDriver.get();
    try (DeviceContext _ = open(SECOND)) {
      assertThat(driver.live(Live.CONTEXTS)).isOne();
    }
  }

  @Test
  void probesAndListsMakeNoContext() throws LoadException {
    SimulatedDriver driver = SimulatedDriver.get();
    new CudaRuntime().probe();
    assertThat(new CudaRuntime().devices()).hasSize(4);
    assertThat(driver.live(Live.CONTEXTS)).isZero();
  }

  @Test
  void pinnedMemoryAndStreamsAreUsedAgain() throws LoadException {
    SimulatedDriver driver = SimulatedDriver.get();
    try (DeviceContext context = open(FIRST)) {
      for (int i = 0; i < 5; i++) {
        context.allocateStaging(BYTES).close();
        context.newStream().close();
      }
      assertThat(driver.live(Live.PINNED)).isOne();
      assertThat(driver.live(Live.STREAMS)).isOne();
    }
  }

  @Test
  void pinnedMemoryThatIsKeptIsGivenUpBeforeAnAllocationFails() throws LoadException {
    SimulatedDriver driver = SimulatedDriver.get();
    try (DeviceContext context = open(FIRST)) {
      context.allocateStaging(BYTES).close();
      driver.fail(Fault.ALLOCATION, 1);
      context.allocateStaging(2 * BYTES).close();
      assertThat(driver.live(Live.PINNED)).isOne();
    }
  }

  /** Storage writes to huge pages several times as fast as to small ones. */
  @Test
  void largePinnedMemoryIsInTheHostsHugePages() throws LoadException {
    long hugePage = 2L << 20;
    try (DeviceContext context = open(FIRST)) {
      for (int i = 0; i < 5; i++) {
        try (DeviceBuffer staging = context.allocateStaging(LARGE)) {
          assertThat(staging.address() % hugePage).isZero();
        }
      }
    }
  }

  @Test
  void pinnedMemoryIsTheDriversWhereItRefusesTheHosts() throws LoadException {
    SimulatedDriver driver = SimulatedDriver.get();
    try (DeviceContext context = open(FIRST)) {
      driver.fail(Fault.ALLOCATION, 1);
      try (DeviceBuffer staging = context.allocateStaging(LARGE)) {
        assertThat(staging.host().orElseThrow().fill((byte) 1).byteSize()).isEqualTo(LARGE);
        assertThat(driver.live(Live.PINNED)).isOne();
      }
    }
  }

  @Test
  void marksThatNobodyAwaitsDoNotPileUp() throws LoadException {
    SimulatedDriver driver = SimulatedDriver.get();
    try (DeviceContext context = open(FIRST);
        DeviceStream stream = context.newStream()) {
      for (int i = 0; i < 1000; i++) {
        stream.record();
      }
      assertThat(driver.live(Live.EVENTS)).isLessThan(10);
    }
  }

  @Test
  void rowsAreCopiedFromAPeerWhoseContextIsHeldMeanwhile() throws LoadException {
    SimulatedDriver driver = SimulatedDriver.get();
    try (DeviceContext first = open(FIRST);
        DeviceContext second = open(SECOND);
        Arena arena = Arena.ofShared()) {
      MemorySegment host = arena.allocate(BYTES).fill((byte) 7);
      try (DeviceBuffer source = second.allocate(BYTES, 1);
          DeviceStream filling = second.newStream()) {
        filling.copyFromHost(host, Region.of(source));
        filling.record().await(soon());
        first.attach();
        copyRows(first, source, host);
        second.attach();
      }
      assertThat(host.get(ValueLayout.JAVA_BYTE, 999)).isEqualTo((byte) 7);
      assertThat(driver.live(Live.CONTEXTS)).isEqualTo(2);
    }
    assertThat(driver.live(Live.CONTEXTS)).isZero();
  }

  private static void copyRows(DeviceContext first, DeviceBuffer source, MemorySegment host)
      throws LoadException {
    try (DeviceBuffer target = first.allocate(BYTES, 1);
        DeviceStream stream = first.newStream()) {
      host.fill((byte) 0);
      stream.copy(new Region(source, 0, 10, 100, 1000), new Region(target, 0, 10, 100, 100));
      stream.copyToHost(Region.of(target, 0, 1000), host.asSlice(0, 1000));
      stream.record().await(soon());
    }
  }

  @Test
  void rowsTooFarApartForOneCallAreCopiedOneByOne() throws LoadException {
    long pitch = (2L << 30) + 512;
    try (DeviceContext context = open(FIRST);
        Arena arena = Arena.ofShared();
        DeviceBuffer buffer = context.allocate(pitch + 256, 1);
        DeviceStream stream = context.newStream()) {
      MemorySegment host = arena.allocateFrom(ValueLayout.JAVA_BYTE, new byte[] {1, 2, 3, 4});
      Region rows = new Region(buffer, 0, 2, 2, pitch);
      stream.copyFromHost(host, rows);
      MemorySegment found = arena.allocate(4);
      stream.copyToHost(rows, found);
      stream.record().await(soon());
      assertThat(found.mismatch(host)).isEqualTo(-1);
    }
  }

  @Test
  void tooMuchMemorySaysNeededFreeAndTheDriversName() throws LoadException {
    try (DeviceContext context = open(FIRST)) {
      assertThatExceptionOfType(DeviceMemoryException.class)
          .isThrownBy(() -> context.allocate(1L << 60, 1).close())
          .withMessageContainingAll(
              "cuda:0",
              "needed 1.0 EiB (1152921504606846976 bytes)",
              "CUDA_ERROR_OUT_OF_MEMORY (2)")
          .satisfies(e -> assertThat(e.freeBytes()).isPositive());
    }
  }

  @Test
  void aThreadThatDidNotAttachIsTold() throws Exception {
    try (DeviceContext context = open(FIRST);
        DeviceBuffer _ = context.allocate(BYTES, 1)) {
      FutureTask<DeviceBuffer> stranger = new FutureTask<>(() -> context.allocate(BYTES, 1));
      Thread.ofPlatform().start(stranger).join();
      assertThatExceptionOfType(ExecutionException.class)
          .isThrownBy(stranger::get)
          .withCauseInstanceOf(IllegalStateException.class)
          .withMessageContainingAll("did not attach", "D-102");
    }
  }

  @Test
  void closingLeavesTheThreadWithoutTheContextThatEnded() throws LoadException {
    DeviceContext context = open(FIRST);
    try (DeviceContext other = open(FIRST)) {
      context.close();
      other.allocate(BYTES, 1).close(); // the primary context is still there, and attached
    }
    assertThatIllegalStateException().isThrownBy(context::attach);
  }

  @Test
  void programsThatHaveJcudaThrowAreServedToo() throws LoadException {
    JCudaDriver.setExceptionsEnabled(true);
    try (DeviceContext context = open(FIRST);
        DeviceBuffer buffer = context.allocate(BYTES, 1);
        Arena arena = Arena.ofShared();
        DeviceStream stream = context.newStream()) {
      stream.copyFromHost(arena.allocate(BYTES), Region.of(buffer));
      stream.record().await(soon());
      assertThatExceptionOfType(DeviceMemoryException.class)
          .isThrownBy(() -> context.allocate(1L << 60, 1).close())
          .withMessageContaining("CUDA_ERROR_OUT_OF_MEMORY (2)");
    } finally {
      JCudaDriver.setExceptionsEnabled(false);
    }
  }
}
