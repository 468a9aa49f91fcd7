// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.IoTicket;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.testkit.SampleFile;
import io.fastsafetensors.testkit.SampleFiles;
import io.fastsafetensors.testkit.sim.SimDevice;
import io.fastsafetensors.testkit.sim.SimDevices;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The way through staging buffers, on a simulated device. */
class RingTests {
  private static final long MIB = 1 << 20;

  private final SimDevices devices = new SimDevices(1, 1L << 30);
  private final SimDevice device = devices.get(0);
  private final Loads loads = new Loads();

  @TempDir Path folder;

  @BeforeEach
  void open() throws LoadException {
    loads.close();
    loads.context = devices.runtime().open(device.device());
    loads.context.attach();
    loads.blockBytes = 64 << 10;
  }

  @AfterEach
  void nothingIsLeftAndNoRuleWasBroken() {
    device.stall(false);
    loads.close();
    assertThat(device.violations()).isEmpty();
    assertThat(device.usage().buffers()).isZero();
    assertThat(device.usage().stagingBuffers()).isZero();
    assertThat(device.usage().streams()).isZero();
  }

  private SampleFile write(long bytes) throws IOException {
    return SampleFiles.write(folder.resolve("f"), bytes, 1);
  }

  private void check(SampleFile file, RangePlan plan) throws LoadException {
    LoadedRanges loaded = loads.load(plan);
    try (DeviceStream stream = loads.context.newStream();
        Arena arena = Arena.ofShared()) {
      for (int i = 0; i < plan.ranges().size(); i++) {
        Region region = loaded.regions().get(i);
        MemorySegment host = arena.allocate(region.bytes());
        stream.copyToHost(region, host);
        stream.record().await(loads.monitor.deadline());
        assertThat(host.toArray(ValueLayout.JAVA_BYTE))
            .isEqualTo(file.expected(plan.ranges().get(i)));
      }
    }
    Loads.release(loaded);
  }

  @ParameterizedTest
  @EnumSource(DirectMode.class)
  void bytesArriveColdAndWarm(DirectMode mode) throws IOException {
    loads.direct = mode;
    SampleFile file = write(5 * MIB + 13);
    RangePlan plan =
        file.plan(
            new ByteRange(7, 8),
            new ByteRange(8, 3 * MIB + 1),
            new ByteRange(4 * MIB, 5 * MIB + 13));
    CachedParts.evict(file.path());
    check(file, plan);
    check(file, plan);
  }

  @ParameterizedTest
  @ValueSource(longs = {64, 4096})
  void alignmentIsKept(long alignment) throws IOException {
    loads.alignment = alignment;
    SampleFile file = write(MIB);
    RangePlan plan =
        file.plan(new ByteRange(3, 5), new ByteRange(6, 300_000), new ByteRange(300_000, MIB));
    LoadedRanges loaded = loads.load(plan);
    assertThat(loaded.regions()).allSatisfy(r -> assertThat(r.address() % alignment).isZero());
    Loads.release(loaded);
    check(file, plan);
  }

  @Test
  void readingGoesOnWhileTheDeviceIsSlow() throws IOException {
    loads.threads = 2;
    SampleFile file = write(10 * (64 << 10));
    device.stall(true);
    try (PosixSession session = loads.session();
        IoTicket ticket = session.submit(file.whole())) {
      // Two threads and two streams' worth of buffers: six blocks go before a copy must be done.
      waitUntilRead(6);
      device.stall(false);
      Loads.release(ticket.await());
    }
    assertThat(loads.monitor.files).hasSize(10);
  }

  private void waitUntilRead(int blocks) {
    Deadline deadline = Deadline.after(Duration.ofSeconds(20));
    while (loads.monitor.files.size() < blocks && !deadline.hasPassed()) {
      Thread.onSpinWait();
    }
    assertThat(loads.monitor.files).hasSize(blocks);
  }

  @Test
  void stagingMemoryIsBounded() throws IOException {
    loads.threads = 2;
    SampleFile file = write(4 * MIB);
    try (PosixSession session = loads.session();
        IoTicket ticket = session.submit(file.whole())) {
      LoadedRanges loaded = ticket.await();
      assertThat(device.usage().stagingBuffers()).isBetween(1, 6);
      Loads.release(loaded);
    }
  }

  @Test
  void hungDeviceEndsTheWaitAtTheDeadline() throws IOException {
    SampleFile file = write(4 * MIB);
    device.stall(true);
    try (PosixSession session = loads.session()) {
      loads.monitor.deadline = Deadline.after(Duration.ofMillis(300));
      try (IoTicket ticket = session.submit(file.whole())) {
        assertThatExceptionOfType(LoadException.class).isThrownBy(ticket::await);
        device.stall(false);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5, 16})
  void failedCopyIsAnErrorOfTheLoad(int nth) throws IOException {
    SampleFile file = write(MIB);
    device.failOperation(nth);
    assertThatExceptionOfType(LoadException.class).isThrownBy(() -> loads.load(file.whole()));
  }

  @Test
  void fewerStagingBuffersAreEnough() throws IOException {
    loads.threads = 1;
    SampleFile file = write(MIB);
    device.memory(MIB + (100 << 10));
    check(file, file.whole());
  }

  @Test
  void deviceWithoutMemoryIsAnError() throws IOException {
    SampleFile file = write(MIB);
    device.memory(MIB / 2);
    assertThatExceptionOfType(DeviceMemoryException.class)
        .isThrownBy(() -> loads.load(file.whole()));
    device.memory(1L << 30);
    device.failStream(2);
    assertThatExceptionOfType(LoadException.class).isThrownBy(() -> loads.load(file.whole()));
  }

  @Test
  void filesShareTheRing() throws IOException {
    SampleFile a = write(2 * MIB);
    SampleFile b = SampleFiles.write(folder.resolve("b"), MIB, 2);
    DeviceContext context = loads.context;
    CountDownLatch submitted = new CountDownLatch(1); // else the first may be done before
    loads.monitor.onBlock = () -> awaitQuietly(submitted);
    try (PosixSession session = loads.session();
        IoTicket first = session.submit(a.whole());
        IoTicket second = session.submit(b.whole())) {
      submitted.countDown();
      Loads.release(second.await());
      Loads.release(first.await());
      assertThat(context.memory().freeBytes()).isPositive();
    }
    int half = loads.monitor.files.size() / 2;
    assertThat(loads.monitor.files.subList(0, half)).contains(a.path(), b.path());
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
