// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fastsafetensors.LoadException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class JobsTests {
  private static final long LONG = TimeUnit.SECONDS.toNanos(30);

  private final RecordingMonitor monitor = new RecordingMonitor();
  private final AtomicInteger finished = new AtomicInteger();
  private final AtomicInteger released = new AtomicInteger();

  private Jobs jobs(int count) {
    return new Jobs("file", count, finished::incrementAndGet, released::incrementAndGet);
  }

  @Test
  void lastJobFinishesAndTheCallerKeepsWhatWasMade() throws LoadException {
    Jobs jobs = jobs(1);
    jobs.run(() -> jobs.add(1));
    assertThat(finished).hasValue(0);
    jobs.run(() -> {});
    jobs.await(monitor);
    jobs.keep();
    jobs.drain(LONG);

    assertThat(finished).hasValue(1);
    assertThat(released).hasValue(0);
  }

  @Test
  void whatNobodyTookIsFreedOnce() throws LoadException {
    Jobs jobs = jobs(1);
    jobs.run(() -> {});
    jobs.await(monitor);
    jobs.drain(LONG);
    jobs.drain(LONG);

    assertThat(released).hasValue(1);
  }

  @Test
  void firstFailureCountsAndStopsTheOthers() {
    Jobs jobs = jobs(3);
    AtomicInteger ran = new AtomicInteger();
    LoadException failure = new LoadException("first");
    jobs.run(() -> {
      throw failure;
    });
    jobs.run(ran::incrementAndGet);

    assertThatThrownBy(() -> jobs.await(monitor)).isSameAs(failure);
    jobs.drain(LONG);
    assertThat(ran).hasValue(0);
    assertThat(released).hasValue(1);
    assertThat(finished).hasValue(0);
  }

  @Test
  void failureToFinishIsAFailure() {
    LoadException failure = new LoadException("finish");
    Jobs jobs =
        new Jobs(
            "file",
            1,
            () -> {
              throw failure;
            },
            released::incrementAndGet);
    jobs.run(() -> {});

    assertThatThrownBy(() -> jobs.await(monitor)).isSameAs(failure);
    assertThat(released).hasValue(1);
  }

  @Test
  void drainWaitsForTheJobThatRunsAlsoWhenInterrupted() throws Exception {
    Jobs jobs = jobs(2);
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch mayEnd = new CountDownLatch(1);
    Thread worker = Thread.startVirtualThread(() -> jobs.run(() -> hold(running, mayEnd)));
    running.await();
    AtomicInteger releasedAtReturn = new AtomicInteger(-1);
    Thread drainer =
        Thread.ofPlatform()
            .start(() -> {
              Thread.currentThread().interrupt();
              jobs.drain(LONG);
              releasedAtReturn.set(Thread.interrupted() ? released.get() : -2);
            });
    drainer.join(100);
    assertThat(drainer.isAlive()).as("drain() still waits").isTrue();
    assertThat(released).hasValue(0);

    mayEnd.countDown();
    drainer.join();
    worker.join();
    assertThat(releasedAtReturn).hasValue(1);
  }

  @Test
  void jobThatHangsLongerThanADrainFreesWhenItEnds() throws Exception {
    Jobs jobs = jobs(1);
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch mayEnd = new CountDownLatch(1);
    Thread worker = Thread.startVirtualThread(() -> jobs.run(() -> hold(running, mayEnd)));
    running.await();
    jobs.drain(1_000_000);
    assertThat(released).hasValue(0);

    mayEnd.countDown();
    worker.join();
    assertThat(released).hasValue(1);
  }

  @Test
  void awaitNoticesACancellationThatNoJobNotices() {
    Jobs jobs = jobs(1);
    monitor.cancel();
    assertThatThrownBy(() -> jobs.await(monitor)).hasMessageContaining("cancelled by the test");
    assertThatCode(() -> jobs.drain(LONG)).doesNotThrowAnyException();
  }

  private static void hold(CountDownLatch running, CountDownLatch mayEnd) {
    running.countDown();
    try {
      assertThat(mayEnd.await(50, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
