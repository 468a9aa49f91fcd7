// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fastsafetensors.Cancellation;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.LoadMemory;
import io.fastsafetensors.toolkit.host.PlannedMemory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Progress only grows, and stops are heard at the next block. */
class LoadMonitorTests {
  private static final LoadMemory MEMORY = PlannedMemory.unplanned();

  private static final Path FILE = Path.of("f");

  private final List<Long> heard = new ArrayList<>();

  private LoadMonitor monitor(LoadOptions.Builder options, long total) {
    LoadOptions built = options.progress((done, _) -> heard.add(done)).build();
    return new LoadMonitor(
        built.progress(), total, MEMORY, StopSignal.of(built, new Cancellation(), () -> false));
  }

  private static void block(LoadMonitor monitor, long bytes) {
    monitor.blockDone(FILE, TransferPath.DIRECT, 0, bytes, 1);
  }

  @Test
  void progressEndsAtTheWholeEvenIfGapsAreReadToo() {
    LoadMonitor monitor = monitor(LoadOptions.builder(), 100);
    List.of(40, 50, 30, 20).forEach(bytes -> block(monitor, bytes));
    assertThat(heard).containsExactly(40L, 90L, 100L, 100L);
  }

  @Test
  void progressOfManyThreadsIsToldOneAtATimeAndOnlyGrows() throws InterruptedException {
    LoadMonitor monitor = monitor(LoadOptions.builder(), 8000);
    try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
      for (int i = 0; i < 8000; i++) {
        threads.execute(() -> block(monitor, 1));
      }
      threads.shutdown();
      assertThat(threads.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
    }
    assertThat(heard).isSorted().doesNotHaveDuplicates().hasSize(8000).endsWith(8000L);
  }

  @Test
  void aCancellationIsHeardAtTheNextBlock() {
    Cancellation cancellation = new Cancellation();
    LoadMonitor monitor = monitor(LoadOptions.builder().cancellation(cancellation), 10);
    assertThatCode(monitor::checkpoint).doesNotThrowAnyException();
    block(monitor, 4);
    cancellation.cancel();
    assertThatExceptionOfType(LoadCancelledException.class)
        .isThrownBy(monitor::checkpoint)
        .withMessage("the load was cancelled: 4 of 10 bytes were in place")
        .satisfies(e -> assertThat(e.timedOut()).isFalse());
  }

  @Test
  void theTimeIsOverForEveryWait() {
    LoadMonitor monitor = monitor(LoadOptions.builder().timeout(Duration.ofNanos(1)), 10);
    assertThat(monitor.deadline().hasPassed()).isTrue();
    assertThatExceptionOfType(LoadCancelledException.class)
        .isThrownBy(monitor::checkpoint)
        .withMessage("the load took longer than 1 ns: 0 of 10 bytes were in place")
        .satisfies(e -> assertThat(e.timedOut()).isTrue());
  }

  @Test
  void aFailureElsewhereStopsAllFiles() {
    LoadMonitor monitor = monitor(LoadOptions.builder(), 10);
    monitor.abandon(new LoadException("elsewhere"));
    assertThatExceptionOfType(LoadCancelledException.class)
        .isThrownBy(monitor::checkpoint)
        .withMessageStartingWith("another part of the load failed");
  }

  @Test
  void whatTheListenerThrowsIsKeptFromTheThreadsOfSessions() {
    RuntimeException bug = new IllegalStateException("bug");
    LoadOptions options =
        LoadOptions.builder()
            .progress((done, _) -> {
              heard.add(done);
              throw bug;
            })
            .build();
    LoadMonitor monitor =
        new LoadMonitor(
            options.progress(),
            10,
            MEMORY,
            StopSignal.of(options, new Cancellation(), () -> false));
    assertThatCode(monitor::throwListenerFailure).doesNotThrowAnyException();
    block(monitor, 1);
    block(monitor, 1);
    assertThat(heard).as("calls after it threw").containsExactly(1L);
    assertThatThrownBy(monitor::throwListenerFailure).isSameAs(bug);
    assertThatThrownBy(monitor::checkpoint).isInstanceOf(LoadCancelledException.class);
  }
}
