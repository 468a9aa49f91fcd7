// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.fastsafetensors.Device;
import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.toolkit.device.HostMemoryContext;
import io.fastsafetensors.toolkit.host.HostLimits;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HostContextTests {
  private final HostRuntime runtime = new HostRuntime();

  private DeviceContext open() throws LoadException {
    return runtime.open(Device.CPU);
  }

  @Test
  void runtimeServesTheCpuAndNothingElse() {
    assertThat(runtime.type()).isEqualTo("cpu");
    assertThat(runtime.probe()).isInstanceOf(Availability.Available.class);
    assertThat(runtime.devices()).singleElement().matches(info -> info.device().isCpu());
    assertThatExceptionOfType(LoadException.class)
        .isThrownBy(() -> runtime.open(Device.parse("cuda:1")))
        .withMessageContaining("cuda:1");
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 64, 4096, 1 << 21})
  void addressIsAlignedAsAsked(long alignment) throws LoadException {
    try (DeviceContext context = open();
        DeviceBuffer buffer = context.allocate(100, alignment)) {
      assertThat(buffer.address() % alignment).isZero();
      assertThat(buffer.size()).isEqualTo(100);
      assertThat(buffer.host().orElseThrow().byteSize()).isEqualTo(100);
    }
  }

  @Test
  void stagingIsAlignedToThePage() throws LoadException {
    try (DeviceContext context = open();
        DeviceBuffer buffer = context.allocateStaging(5)) {
      assertThat(buffer.address() % 4096).isZero();
    }
  }

  @Test
  void emptyBufferHasNoBytes() throws LoadException {
    try (DeviceContext context = open();
        DeviceBuffer buffer = context.allocate(0, 64)) {
      assertThat(buffer.size()).isZero();
      assertThat(Region.of(buffer).bytes()).isZero();
    }
  }

  @Test
  void sizesThatNoMachineHasAreMemoryErrors() throws LoadException {
    try (DeviceContext context = open()) {
      for (long bytes : new long[] {1L << 46, 1L << 62, Long.MAX_VALUE}) {
        assertThatExceptionOfType(DeviceMemoryException.class)
            .isThrownBy(() -> context.allocate(bytes, 64))
            .withMessageContaining("(" + bytes + " bytes)")
            .matches(e -> e.neededBytes() == bytes);
      }
    }
  }

  @Test
  void sizesThatNoMachineHasAreMemoryErrorsAlsoWhereThePlatformTellsNothing() {
    try (DeviceContext context = new HostMemoryContext(new HostLimits(List::of))) {
      for (long bytes : new long[] {1L << 56, Long.MAX_VALUE}) {
        assertThatExceptionOfType(DeviceMemoryException.class)
            .isThrownBy(() -> context.allocate(bytes, 64))
            .withMessageContaining("free unknown")
            .matches(e -> e.freeBytes() < 0);
      }
      assertThatExceptionOfType(LoadException.class).isThrownBy(context::memory);
    }
  }

  @Test
  void mistakesAreArgumentErrors() throws LoadException {
    try (DeviceContext context = open()) {
      assertThatIllegalArgumentException().isThrownBy(() -> context.allocate(-1, 64));
      assertThatIllegalArgumentException().isThrownBy(() -> context.allocate(1, 0));
      assertThatIllegalArgumentException().isThrownBy(() -> context.allocate(1, 48));
      assertThatIllegalArgumentException().isThrownBy(() -> context.allocateStaging(0));
    }
  }

  @Test
  void closedBufferCannotBeReadFromAnyThread() throws LoadException {
    try (DeviceContext context = open()) {
      DeviceBuffer buffer = context.allocate(8, 8);
      MemorySegment memory = buffer.host().orElseThrow();
      buffer.close();
      buffer.close();

      assertThatIllegalStateException().isThrownBy(buffer::address);
      assertThatIllegalStateException().isThrownBy(() -> memory.get(ValueLayout.JAVA_BYTE, 0));
      assertThatExceptionOfType(CompletionException.class)
          .isThrownBy(
              CompletableFuture.supplyAsync(() -> memory.get(ValueLayout.JAVA_BYTE, 0))::join)
          .withCauseInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void closedContextAllocatesNothing() throws LoadException {
    DeviceContext context = open();
    context.close();
    context.close();
    assertThatIllegalStateException().isThrownBy(() -> context.allocate(1, 1));
    assertThatIllegalStateException().isThrownBy(context::newStream);
  }

  @Test
  void streamCopiesAtOnce() throws LoadException {
    try (DeviceContext context = open();
        DeviceBuffer source = context.allocate(12, 4);
        DeviceBuffer target = context.allocate(6, 4);
        DeviceStream stream = context.newStream()) {
      byte[] result = new byte[6];
      stream.copyFromHost(
          MemorySegment.ofArray(new byte[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}),
          Region.of(source));
      stream.copy(new Region(source, 1, 3, 2, 4), new Region(target, 0, 3, 2, 2));
      stream.copyToHost(Region.of(target), MemorySegment.ofArray(result));
      stream.record().await(Deadline.after(Duration.ofSeconds(1)));

      assertThat(result).containsExactly(1, 2, 5, 6, 9, 10);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> stream.copy(Region.of(source), Region.of(target)));
      assertThatIllegalArgumentException()
          .isThrownBy(
              () -> stream.copyToHost(Region.of(source), MemorySegment.ofArray(new byte[6])));
    }
  }
}
