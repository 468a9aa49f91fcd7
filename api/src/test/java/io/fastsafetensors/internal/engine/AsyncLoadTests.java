// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fastsafetensors.Cancellation;
import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ref.WeakReference;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A load in the background ends as its future does, and leaves nothing. */
@Timeout(60)
class AsyncLoadTests {
  @TempDir private Path folder;
  private final Bench bench = new Bench();
  private final CountDownLatch reading = new CountDownLatch(1);
  private final CountDownLatch goOn = new CountDownLatch(1);
  private final List<Path> awaited = new CopyOnWriteArrayList<>();
  private Path a;
  private Path b;

  @BeforeEach
  void writeFiles() throws IOException {
    a = new Samples(folder.resolve("a.safetensors")).with("a", DType.F32, 100).write().path;
    b = new Samples(folder.resolve("b.safetensors")).with("b", DType.F32, 100).write().path;
  }

  @AfterEach
  void nothingIsLeft() {
    bench.ledger.assertAllClosedOnce();
  }

  /** Has the first read wait until the test lets it go on. */
  private void pauseAt(Path file) {
    bench.first.onAwait =
        at -> {
          awaited.add(at);
          if (at.equals(file)) {
            reading.countDown();
            uninterruptibly(goOn);
          }
        };
  }

  private static void uninterruptibly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError("interrupted", e);
    }
  }

  private static void until(BooleanSupplier condition) {
    Deadline deadline = Deadline.after(Duration.ofSeconds(50));
    while (!condition.getAsBoolean()) {
      assertThat(deadline.hasPassed()).as("too late").isFalse();
      Thread.onSpinWait();
    }
  }

  private static Throwable failure(CompletableFuture<FileBuffer> future) {
    return catchThrowableOfType(ExecutionException.class, future::get).getCause();
  }

  @Test
  void givesTheBuffer() throws Exception {
    try (Loader loader = bench.loader().addFiles(a, b);
        FileBuffer buffer = loader.loadAsync().get()) {
      assertThat(buffer.keys()).containsExactly("a", "b");
      assertThat(loader.explain().files()).hasSize(2);
      assertThat(loader.keys()).containsExactly("a", "b");
    }
  }

  @Test
  void keepsNoBufferThatNobodyElseHas() throws Exception {
    try (Loader loader = bench.loader().addFiles(a)) {
      WeakReference<FileBuffer> kept = closedBuffer(loader);
      until(() -> {
        System.gc();
        return kept.get() == null;
      });
    }
  }

  private static WeakReference<FileBuffer> closedBuffer(Loader loader) throws Exception {
    FileBuffer buffer = loader.loadAsync().get();
    buffer.close();
    return new WeakReference<>(buffer);
  }

  @Test
  void anInterruptOfWhatComesAfterItIsNotTheNextOnes() throws Exception {
    Semaphore reads = new Semaphore(0);
    bench.first.onAwait = _ -> reads.acquireUninterruptibly();
    try (Loader loader = bench.loader().addFiles(a, b)) {
      for (int i = 0; i < 20; i++) {
        CompletableFuture<?> interrupted =
            loader
                .loadAsync()
                .thenAccept(buffer -> {
                  buffer.close();
                  Thread.currentThread().interrupt();
                });
        reads.release(4); // not before: what comes after a load that has ended runs on this thread
        interrupted.get();
        loader.load().close();
      }
    }
  }

  @Test
  void failsAsALoadDoes() throws Exception {
    LoadException broken = new LoadException("broken");
    bench.first.onAwait =
        _ -> {
          throw broken;
        };
    try (Loader loader = bench.loader().addFiles(a)) {
      assertThat(failure(loader.loadAsync())).isSameAs(broken);
      loader.reset();
      assertThat(failure(loader.loadAsync()))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageStartingWith("no files were added");
    }
  }

  @Test
  void keepsOthersFromTheLoaderMeanwhile() throws Exception {
    pauseAt(a);
    try (Loader loader = bench.loader().addFiles(a)) {
      CompletableFuture<FileBuffer> future = loader.loadAsync();
      reading.await();
      String busy = "a load that loadAsync started is under way: wait for its future, or cancel it";
      assertThatIllegalStateException().isThrownBy(loader::load).withMessage(busy);
      assertThatIllegalStateException().isThrownBy(loader::loadAsync).withMessage(busy);
      assertThatIllegalStateException().isThrownBy(loader::keys).withMessage(busy);
      assertThatIllegalStateException().isThrownBy(loader::reset).withMessage(busy);
      assertThatIllegalStateException().isThrownBy(() -> loader.addFiles(b)).withMessage(busy);
      assertThat(loader.explain().files()).isEmpty();
      goOn.countDown();
      future.get().close();
      loader.addFiles(b);
    }
  }

  @Test
  void endsWhenItsFutureIsCancelled() throws Exception {
    pauseAt(a);
    Cancellation cancellation = new Cancellation();
    try (Loader loader = bench.loader().addFiles(a, b)) {
      CompletableFuture<FileBuffer> future =
          loader.loadAsync(LoadOptions.builder().cancellation(cancellation).build());
      reading.await();
      assertThat(future.cancel(true)).isTrue();
      assertThat(future.isCancelled()).isTrue();
      goOn.countDown();
      assertThat(loader.keys()).as("waits for the end").containsExactly("a", "b");
      assertThat(awaited).as("b is not waited for").containsExactly(a);
      assertThat(bench.ledger.stillOpen("buffer")).isZero();
      assertThat(bench.ledger.stillOpen("session")).isZero();
      assertThat(cancellation.isCancelled()).as("others may have the switch").isFalse();
      loader.load().close();
    }
  }

  @Test
  void isLeftBehindIfItHangsAfterItWasCancelled() throws Exception {
    pauseAt(a);
    try (Loader loader = bench.loader().addFiles(a)) {
      CompletableFuture<FileBuffer> future = loader.loadAsync();
      reading.await();
      future.cancel(true);
      assertThat(loader.keys()).containsExactly("a");
      assertThat(loader.explain().keptBytes()).isPositive();
      goOn.countDown();
      bench.first.onAwait = _ -> {};
      loader.load().close();
      until(() -> loader.explain().keptBytes() == 0 && bench.ledger.stillOpen("session") == 0);
    }
  }

  @Test
  void endsWhenItsFutureTakesTooLong() throws Exception {
    pauseAt(a);
    try (Loader loader = bench.loader().addFiles(a)) {
      CompletableFuture<FileBuffer> future = loader.loadAsync().orTimeout(1, TimeUnit.MILLISECONDS);
      assertThat(failure(future)).isInstanceOf(TimeoutException.class);
      goOn.countDown();
      assertThat(loader.keys()).containsExactly("a");
    }
  }

  @Test
  void endsByTheTimeoutAndTheSwitchOfItsOptions() throws Exception {
    LoadOptions late = LoadOptions.builder().timeout(Duration.ofNanos(1)).build();
    Cancellation cancellation = new Cancellation();
    LoadOptions options = LoadOptions.builder().cancellation(cancellation).build();
    try (Loader loader = bench.loader().addFiles(a, b)) {
      assertThat(failure(loader.loadAsync(late)))
          .isInstanceOfSatisfying(
              LoadCancelledException.class, e -> assertThat(e.timedOut()).isTrue());
      pauseAt(a);
      CompletableFuture<FileBuffer> future = loader.loadAsync(options);
      reading.await();
      cancellation.cancel();
      goOn.countDown();
      assertThat(failure(future))
          .isInstanceOf(LoadCancelledException.class)
          .hasMessageStartingWith("the load was cancelled");
      assertThat(future.isCancelled()).isFalse();
    }
  }

  @Test
  void endsWhenTheLoaderIsClosed() throws Exception {
    pauseAt(a);
    Loader loader = bench.loader().addFiles(a);
    CompletableFuture<FileBuffer> future = loader.loadAsync();
    reading.await();
    loader.close();
    goOn.countDown();
    assertThat(failure(future))
        .isInstanceOf(LoadCancelledException.class)
        .hasMessageStartingWith("the loader was closed");
    assertThatIllegalStateException().isThrownBy(loader::loadAsync);
  }

  @Test
  void closesABufferThatComesTooLate() throws Exception {
    AsyncLoad late = new AsyncLoad(() -> {});
    try (Loader loader = bench.loader().addFiles(a)) {
      CompletableFuture<FileBuffer> future =
          late.start(_ -> {
            FileBuffer ready = loader.load();
            reading.countDown();
            uninterruptibly(goOn);
            return ready;
          });
      reading.await();
      assertThat(bench.ledger.stillOpen("buffer")).isEqualTo(1);
      future.cancel(false);
      goOn.countDown();
      late.checkEnded(Duration.ofMinutes(1));
      assertThat(bench.ledger.stillOpen("buffer")).isZero();
    }
  }

  @Test
  void lendsTheLoaderToWhatComesAfterIt() throws Exception {
    try (Loader loader = bench.loader().addFiles(a)) {
      CompletableFuture<FileBuffer> second =
          loader
              .loadAsync()
              .thenApply(first -> {
                first.close();
                try {
                  return loader.load();
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
      second.get().close();
    }
  }

  @Test
  void endsOnAllRanksWhenOneCancels() throws Exception {
    pauseAt(b);
    Map<Integer, List<Path>> files = Map.of(0, List.of(a), 1, List.of(b));
    List<ProcessGroup> groups = ProcessGroup.local(2, Duration.ofSeconds(50));
    try (ProcessGroup first = groups.get(0);
        ProcessGroup second = groups.get(1);
        Loader stays = bench.loader(first).addFiles(files);
        Loader cancels = bench.loader(second).addFiles(files)) {
      CompletableFuture<FileBuffer> waiting = stays.loadAsync();
      CompletableFuture<FileBuffer> cancelled = cancels.loadAsync();
      reading.await();
      cancelled.cancel(true);
      goOn.countDown();
      assertThat(failure(waiting))
          .isInstanceOf(CollectiveException.class)
          .hasMessageContaining("peer rank 1", "the load was cancelled");
      cancels.reset().addFiles(files);
      stays.reset().addFiles(files);
      bench.first.onAwait = _ -> {};
      CompletableFuture<FileBuffer> again = stays.loadAsync();
      cancels.load().close();
      again.get().close();
    }
  }

  /** How a rank gives a load up. */
  enum GiveUp {
    FUTURE("the load was cancelled"),
    SWITCH("the load was cancelled"),
    CLOSE("the loader was closed");

    final String reason;

    GiveUp(String reason) {
      this.reason = reason;
    }
  }

  @ParameterizedTest
  @EnumSource
  void endsOnAllRanksThoughTheOneThatGivesUpHasReadItsFiles(GiveUp how) throws Exception {
    pauseAt(b);
    Map<Integer, List<Path>> files = Map.of(0, List.of(b), 1, List.of(a));
    List<ProcessGroup> groups = ProcessGroup.local(2, Duration.ofSeconds(50));
    Cancellation cancellation = new Cancellation();
    LoadOptions options = LoadOptions.builder().cancellation(cancellation).build();
    try (ProcessGroup first = groups.get(0);
        ProcessGroup second = groups.get(1);
        Loader slow = bench.loader(first).addFiles(files);
        Loader fast = bench.loader(second).addFiles(files)) {
      CompletableFuture<FileBuffer> waiting = slow.loadAsync();
      CompletableFuture<FileBuffer> givenUp = fast.loadAsync(options);
      reading.await();
      until(() -> bench.ledger.opened("session") == 2 && bench.ledger.stillOpen("session") == 1);
      Runnable giveUp =
          switch (how) {
            case FUTURE -> () -> givenUp.cancel(true);
            case SWITCH -> cancellation::cancel;
            case CLOSE -> fast::close;
          };
      giveUp.run();
      goOn.countDown();
      assertThat(failure(waiting))
          .isInstanceOf(CollectiveException.class)
          .hasMessageContaining("peer rank 1", how.reason);
      if (how == GiveUp.FUTURE) {
        assertThat(givenUp.isCancelled()).isTrue();
        fast.reset(); // waits for the end
      } else {
        assertThat(failure(givenUp))
            .isInstanceOf(LoadCancelledException.class)
            .hasMessageStartingWith(how.reason);
      }
    }
  }
}
