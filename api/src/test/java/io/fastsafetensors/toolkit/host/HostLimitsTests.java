// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.spi.MemoryInfo;
import io.fastsafetensors.toolkit.host.MemoryLimit.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What is promised can't be promised twice, and the margin stays free. */
class HostLimitsTests {
  private static final long MIB = 1 << 20;

  private long free = 600 * MIB;
  private final AtomicInteger asked = new AtomicInteger();
  private final List<MemoryLimit> others = new ArrayList<>();
  private final HostLimits limits = new HostLimits(this::read);

  private List<MemoryLimit> read() {
    asked.incrementAndGet();
    List<MemoryLimit> all = new ArrayList<>(others);
    all.add(new MemoryLimit(Kind.CONTROL_GROUP, "memory.max of control group /a", 640 * MIB, free));
    return all;
  }

  private static void make(MemoryReservation promise, long bytes) throws DeviceMemoryException {
    promise.<Long, DeviceMemoryException>make(bytes, () -> bytes);
  }

  private void assertLacking(long bytes) {
    assertThatExceptionOfType(DeviceMemoryException.class).isThrownBy(() -> limits.reserve(bytes));
  }

  /** The limit of 640 MiB keeps 52 back, so that 548 are left. */
  @Test
  void marginIsKept() throws DeviceMemoryException {
    limits.reserve(548 * MIB).close();
    assertThat(limits.reservable()).isEqualTo(548 * MIB);
    assertLacking(548 * MIB + 1);
  }

  @Test
  void everyLimitHolds() throws DeviceMemoryException {
    free = 60 * MIB;
    others.add(new MemoryLimit(Kind.MACHINE, "the machine", 24_576 * MIB, 250 * MIB));
    assertLacking(100 * MIB);
    limits.reserve(30 * MIB).close();
  }

  @Test
  void littleMemoryIsHadToTheEnd() throws DeviceMemoryException {
    free = 20 * MIB;
    limits.reserve(10 * MIB).close();
    assertThatExceptionOfType(DeviceMemoryException.class)
        .isThrownBy(() -> limits.reserve(11 * MIB))
        .matches(e -> e.freeBytes() == 9 * MIB);
  }

  @Test
  void errorSaysWhichLimitAndTheNumbers() throws DeviceMemoryException {
    try (MemoryReservation _ = limits.reserve(100 * MIB)) {
      assertThatExceptionOfType(DeviceMemoryException.class)
          .isThrownBy(() -> limits.reserve(500 * MIB))
          .withMessage(
              "cpu: needed 500.0 MiB (524288000 bytes), free 448.0 MiB (469762048 bytes):"
                  + " memory.max of control group /a is"
                  + " 671088640 bytes, of which 41943040 are in use, 104857600 are promised to loads"
                  + " and 54525952 are kept back for the JVM; free memory, raise the limit, load"
                  + " fewer tensors, or map the files instead of copying them")
          .matches(e -> e.neededBytes() == 500 * MIB && e.freeBytes() == 448 * MIB);
    }
  }

  @Test
  void whatWasPromisedIsNotPromisedAgain() throws DeviceMemoryException {
    MemoryReservation first = limits.reserve(300 * MIB);
    assertLacking(300 * MIB);
    first.close();
    first.close();
    limits.reserve(300 * MIB).close();
  }

  @Test
  void pagesThatAreThereCountOnce() throws DeviceMemoryException {
    try (MemoryReservation first = limits.reserve(300 * MIB)) {
      free -= 200 * MIB;
      make(first, 200 * MIB);
      assertThat(limits.reservable()).isEqualTo(248 * MIB);
      assertLacking(249 * MIB);
      make(first, 100 * MIB);
      free -= 100 * MIB;
      assertThat(limits.reservable()).isEqualTo(248 * MIB);
    }
    assertThat(limits.reservable()).isEqualTo(248 * MIB);
  }

  @Test
  void memoryThatWasFreedIsSeenBeforeItIsRefused() throws DeviceMemoryException {
    limits.reserve(MIB).close();
    free = 640 * MIB;
    limits.reserve(580 * MIB).close();
  }

  @Test
  void thousandsOfFilesAskTheKernelAFewTimes() throws DeviceMemoryException {
    long start = System.nanoTime();
    for (int i = 0; i < 3000; i++) {
      limits.reserve(1000).close();
    }
    long windows = (System.nanoTime() - start) / 50_000_000;
    assertThat(asked.get()).isLessThanOrEqualTo((int) windows + 2);
  }

  @Test
  void leastOfAllLimitsCounts() throws DeviceMemoryException {
    others.add(new MemoryLimit(Kind.ADDRESSES, "ulimit -v", 400 * MIB, 300 * MIB));
    assertThatExceptionOfType(DeviceMemoryException.class)
        .isThrownBy(() -> limits.reserve(290 * MIB))
        .withMessageContaining("ulimit -v is 419430400 bytes");
    assertThat(limits.memory()).contains(MemoryInfo.of(300 * MIB, 400 * MIB));
    // Addresses count at once, so that pages that are not there yet are not counted twice.
    MemoryReservation first = limits.reserve(200 * MIB);
    limits.reserve(200 * MIB).close();
    first.close();
  }

  @Test
  void memoryThatSomebodyElseTookIsMissedBeforeItIsUsed() throws DeviceMemoryException {
    try (MemoryReservation promise = limits.reserve(300 * MIB)) {
      make(promise, 100 * MIB);
      free = 30 * MIB;
      make(promise, MIB);
      assertThatExceptionOfType(DeviceMemoryException.class)
          .isThrownBy(() -> make(promise, 8 * MIB));
    }
  }

  @Test
  void idleMemoryGivesWay() throws DeviceMemoryException {
    AtomicInteger called = new AtomicInteger();
    Runnable reclaimer =
        () -> {
          called.incrementAndGet();
          free = 640 * MIB;
        };
    limits.addReclaimer(reclaimer);
    limits.reserve(500 * MIB).close();
    assertThat(called).hasValue(0);
    limits.reserve(580 * MIB).close();
    assertThat(called).hasValue(1);
    limits.removeReclaimer(reclaimer);
    assertLacking(600 * MIB);
    assertThat(called).hasValue(1);
  }

  @Test
  void partsComeFromThePromiseAndTheRestIsAskedFor() throws DeviceMemoryException {
    try (MemoryReservation whole = limits.reserve(500 * MIB)) {
      MemoryReservation most = whole.part(480 * MIB);
      whole.part(60 * MIB).close();
      assertThatExceptionOfType(DeviceMemoryException.class)
          .isThrownBy(() -> whole.part(100 * MIB));
      most.close();
    }
    assertThat(limits.reservable()).isEqualTo(548 * MIB);
  }

  @Test
  void whatIsAllocatedDuringAPromiseDrawsFromIt() throws DeviceMemoryException {
    try (MemoryReservation whole = limits.reserve(500 * MIB)) {
      long left =
          whole.during(() -> {
            try (MemoryReservation _ = limits.reserve(400 * MIB)) {
              return limits.reservable();
            }
          });
      assertThat(left).isEqualTo(48 * MIB);
    }
    assertThat(limits.reservable()).isEqualTo(548 * MIB);
  }

  @Test
  void loadThatCopiesIsRefusedAsAWhole() throws DeviceMemoryException {
    try (PlannedMemory load = new PlannedMemory(limits, 600 * MIB, true)) {
      assertThatExceptionOfType(DeviceMemoryException.class)
          .isThrownBy(() -> load.reserve(10 * MIB))
          .matches(e -> e.neededBytes() == 600 * MIB);
    }
    try (PlannedMemory load = new PlannedMemory(limits, 500 * MIB, true)) {
      load.reserve(10 * MIB).close();
      assertLacking(100 * MIB);
      assertThat(load.fits()).isTrue();
    }
    assertThat(limits.reservable()).isEqualTo(548 * MIB);
  }

  @Test
  void loadThatMayMapCopiesSingleFilesThatFit() throws DeviceMemoryException {
    try (PlannedMemory load = new PlannedMemory(limits, 600 * MIB, false)) {
      assertThat(load.fits()).isFalse();
      load.reserve(10 * MIB).close();
      assertThatExceptionOfType(DeviceMemoryException.class)
          .isThrownBy(() -> load.reserve(560 * MIB))
          .matches(e -> e.neededBytes() == 560 * MIB);
    }
  }

  @Test
  void nothingIsAskedForNothing() throws DeviceMemoryException {
    free = 0;
    limits.reserve(0).close();
    assertThat(asked).hasValue(0);
  }

  @Test
  void unknownIsNoLimit() throws DeviceMemoryException {
    HostLimits unknown = new HostLimits(List::of);
    unknown.reserve(Long.MAX_VALUE / 2).close();
    assertThat(unknown.memory()).isEmpty();
    assertThat(unknown.exceeded(5, new IllegalStateException("no")))
        .hasMessageContaining("unknown");
  }
}
