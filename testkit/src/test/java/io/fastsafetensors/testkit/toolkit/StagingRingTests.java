// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.toolkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.testkit.sim.SimDevice;
import io.fastsafetensors.testkit.sim.SimDevices;
import io.fastsafetensors.toolkit.io.CopiesInFlight;
import io.fastsafetensors.toolkit.io.StagingRing;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Staging buffers of a simulated device: how many there are, and who hears of failures. */
@Timeout(60)
class StagingRingTests {
  private static final long BYTES = 4096;

  private final SimDevices devices = new SimDevices(1, 1L << 20);
  private final SimDevice device = devices.get(0);
  private final CopiesInFlight copies = new CopiesInFlight();
  private DeviceContext context;
  private DeviceBuffer target;
  private StagingRing ring;

  @BeforeEach
  void open() throws LoadException {
    context = devices.runtime().open(device.device());
    context.attach();
    target = context.allocate(BYTES, 1);
    ring = StagingRing.open(context, () -> context.allocateStaging(BYTES), 3, 2);
  }

  @AfterEach
  void nothingIsLeft() {
    ring.close();
    target.close();
    context.close();
    assertThat(device.violations()).isEmpty();
    assertThat(device.usage().stagingBuffers()).isZero();
    assertThat(device.usage().streams()).isZero();
  }

  private static Deadline in(long millis) {
    return Deadline.after(Duration.ofMillis(millis));
  }

  private void send(DeviceBuffer buffer) throws LoadException {
    MemorySegment host = buffer.host().orElseThrow();
    ring.send(buffer, stream -> stream.copyFromHost(host, Region.of(target)), copies);
  }

  @Test
  void buffersAreUsedAgainOnceTheirCopyIsDone() throws LoadException {
    for (int i = 0; i < 20; i++) {
      send(ring.take(in(10_000)));
    }
    assertThat(device.usage().stagingBuffers()).isBetween(1, 3);
    copies.settle(in(10_000));
    assertThat(copies.isSettled()).isTrue();
  }

  @Test
  void whoeverFindsAllBuffersFilledIsToldAtItsDeadline() throws LoadException {
    DeviceBuffer first = ring.take(in(10_000));
    DeviceBuffer second = ring.take(in(10_000));
    DeviceBuffer third = ring.take(in(10_000));
    assertThatExceptionOfType(LoadCancelledException.class)
        .isThrownBy(() -> ring.take(in(20)))
        .matches(LoadCancelledException::timedOut);
    for (DeviceBuffer buffer : new DeviceBuffer[] {first, second, third}) {
      send(buffer);
    }
    copies.settle(in(10_000));
  }

  @Test
  void whereMemoryEndsTheRingStaysAsLarge() throws LoadException {
    DeviceBuffer only = ring.take(in(10_000));
    device.failAllocation(1);
    assertThatExceptionOfType(LoadCancelledException.class).isThrownBy(() -> ring.take(in(20)));
    send(only);
    assertThat(ring.take(in(10_000))).isSameAs(only);
    send(only);
    assertThat(device.usage().stagingBuffers()).isEqualTo(1);
    copies.settle(in(10_000));
  }

  @Test
  void withoutMemoryForOneBufferEverybodyIsToldAtOnce() {
    device.failAllocation(1);
    for (int i = 0; i < 3; i++) {
      assertThatExceptionOfType(DeviceMemoryException.class)
          .isThrownBy(() -> ring.take(in(10_000)));
    }
  }

  @Test
  void aBufferThatCouldNotBeFilledIsFree() throws LoadException {
    DeviceBuffer buffer = ring.take(in(10_000));
    LoadException broken = new LoadException("broken");
    assertThatThrownBy(() ->
            ring.fill(
                buffer,
                _ -> {
                  throw broken;
                }))
        .isSameAs(broken);
    assertThat(ring.take(in(10_000))).isSameAs(buffer);
    send(buffer);
    copies.settle(in(10_000));
  }

  @Test
  void aCopyThatFailsIsToldToItsFileAndToWhoeverComesNext() throws LoadException {
    CopiesInFlight others = new CopiesInFlight();
    device.failOperation(1);
    send(ring.take(in(10_000)));
    assertThatExceptionOfType(LoadException.class)
        .isThrownBy(() -> copies.settle(in(10_000)))
        .withMessageContaining("simulated failure of a copy");
    assertThat(copies.isSettled()).isTrue();
    assertThat(others.isSettled()).isTrue();
    assertThatExceptionOfType(LoadException.class)
        .isThrownBy(() -> {
          for (int i = 0; i < 4; i++) {
            ring.take(in(10_000));
          }
        })
        .withMessageContaining("simulated failure of a copy");
  }

  @Test
  void copiesThatAreRefusedLeaveNothingUnderWay() throws LoadException {
    IllegalStateException refusal = new IllegalStateException("refused");
    DeviceBuffer buffer = ring.take(in(10_000));
    MemorySegment host = buffer.host().orElseThrow();
    assertThatThrownBy(() ->
            ring.send(
                buffer,
                stream -> {
                  stream.copyFromHost(host, Region.of(target));
                  throw refusal;
                },
                copies))
        .isSameAs(refusal);
    copies.settle(in(10_000));
    assertThatExceptionOfType(LoadException.class)
        .isThrownBy(() -> ring.take(in(10_000)))
        .withMessageContaining("refused");
  }
}
