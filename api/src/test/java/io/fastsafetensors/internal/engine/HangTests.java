// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fastsafetensors.Cancellation;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.TransferException;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.format.LoadException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.logging.Level;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whatever hangs, the caller gets its exception soon after the deadline; what hangs keeps its
 * memory until it ends, and the loader loads on. Each test would time out if a caller waited for
 * the hang.
 */
@Tag("slow")
@Timeout(60)
class HangTests {
  private static final LoadOptions SOON =
      LoadOptions.builder().timeout(Duration.ofSeconds(1)).build();

  /** Where a backend may hang. */
  enum Place {
    OPEN,
    SUBMIT,
    AWAIT,
    TICKET_CLOSE,
    SESSION_CLOSE
  }

  @TempDir private Path folder;
  private final Bench bench = new Bench();
  private final CountDownLatch answers = new CountDownLatch(1);
  private final List<Path> files = new ArrayList<>();
  private final CountDownLatch hangs = new CountDownLatch(1);

  @BeforeEach
  void writeFiles() throws IOException {
    for (int i = 0; i < 9; i++) {
      Path path = folder.resolve("model-" + i + ".safetensors");
      files.add(new Samples(path).with("t" + i, DType.F32, 100).write().path);
    }
  }

  @AfterEach
  void whatHungHasEndedAndNothingIsLeft() {
    answers.countDown();
    until(() -> bench.ledger.stillOpen("session") == 0 && bench.ledger.stillOpen("context") == 0);
    bench.ledger.assertAllClosedOnce();
  }

  private static void until(BooleanSupplier condition) {
    while (!condition.getAsBoolean()) {
      LockSupport.parkNanos(1_000_000); // JUnit ends it
    }
  }

  private void hang(Path file) {
    boolean interrupted = false;
    hangs.countDown();
    while (answers.getCount() > 0) {
      try {
        answers.await();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    assertThat(interrupted).as("the thread at %s was interrupted", file).isFalse();
  }

  private void hangAt(Place place, Path file) {
    FakeBackend.Hook hook =
        at -> {
          if (at.equals(file) || place == Place.OPEN || place == Place.SESSION_CLOSE) {
            hang(at);
          }
        };
    switch (place) {
      case OPEN -> bench.first.onOpen = hook;
      case SUBMIT -> bench.first.onSubmit = hook;
      case AWAIT -> bench.first.onAwait = hook;
      case TICKET_CLOSE -> bench.first.onTicketClose = hook;
      case SESSION_CLOSE -> bench.first.onSessionClose = hook;
    }
  }

  private void loadsAgain(Loader loader) throws LoadException {
    FakeBackend.Hook nothing = _ -> {};
    bench.first.onOpen = nothing;
    bench.first.onSubmit = nothing;
    bench.first.onAwait = nothing;
    bench.first.onTicketClose = nothing;
    bench.first.onSessionClose = nothing;
    try (FileBuffer again = loader.load()) {
      assertThat(again.keys()).hasSize(9);
    }
  }

  private static LoadCancelledException late(ThrowingCallable call) {
    return catchThrowableOfType(LoadCancelledException.class, call);
  }

  @ParameterizedTest
  @EnumSource
  void callerOfABackendThatHangsGetsItsException(Place place) throws Exception {
    hangAt(place, files.get(3));
    try (LogRecorder logs = new LogRecorder(Level.SEVERE);
        Loader loader = bench.loader().addFiles(0, files)) {
      loader.keys(); // the time is the backend's
      LoadCancelledException e = late(() -> loader.load(SOON).close());

      assertThat(e.timedOut()).isTrue();
      assertThat(e).hasMessageContaining("the load took longer than 1 s");
      assertThat(e.keptBytes()).isEqualTo(loader.explain().keptBytes());
      assertThat(logs.messages()).singleElement().asString().contains("a load was left behind");
      long held = bench.ledger.stillOpen("buffer");
      loadsAgain(loader);
      assertThat(bench.ledger.stillOpen("buffer")).as("memory of what hangs").isEqualTo(held);

      answers.countDown();
      until(() -> loader.explain().keptBytes() == 0 && bench.ledger.stillOpen("buffer") == 0);
    }
  }

  @Test
  void errorNamesTheFileThatHangsAndCountsWhatIsKept() throws LoadException {
    hangAt(Place.SUBMIT, files.get(3));
    try (Loader loader = bench.loader().addFiles(0, files)) {
      loader.keys();
      assertThat(late(() -> loader.load(SOON).close()))
          .hasMessage(
              "the load took longer than 1 s: 0 of 3600 bytes were in place; "
                  + files.get(3)
                  + " does not answer; 1600 bytes of memory are kept until that has ended")
          .returns(1600L, LoadCancelledException::keptBytes);
    }
  }

  @Test
  void loaderThatIsClosedMeanwhileKeepsTheDeviceForWhatHangs() {
    hangAt(Place.AWAIT, files.get(0));
    try (Loader loader = bench.loader().addFiles(0, files)) {
      assertThat(late(() -> loader.load(SOON).close())).isNotNull();
    }
    assertThat(bench.ledger.stillOpen("context")).isEqualTo(1);
  }

  @Test
  void cancellationEndsALoadThatHangs() {
    hangAt(Place.SUBMIT, files.get(0));
    Cancellation cancellation = new Cancellation();
    LoadOptions options = LoadOptions.builder().cancellation(cancellation).build();
    try (Loader loader = bench.loader().addFiles(0, files)) {
      onceItHangs(cancellation::cancel);
      assertThat(late(() -> loader.load(options).close()))
          .hasMessageStartingWith("the load was cancelled")
          .returns(false, LoadCancelledException::timedOut);
    }
  }

  @Test
  void interruptEndsALoadThatHangsAndTheThreadStaysInterrupted() throws Exception {
    hangAt(Place.SUBMIT, files.get(0));
    try (Loader loader = bench.loader().addFiles(0, files)) {
      onceItHangs(Thread.currentThread()::interrupt);
      LoadCancelledException e = late(() -> loader.load().close());
      assertThat(Thread.interrupted()).isTrue();
      assertThat(e).hasMessageStartingWith("the loading thread was interrupted");
      loadsAgain(loader);
    }
  }

  private void onceItHangs(Runnable action) {
    Thread.ofVirtual()
        .start(() -> {
          try {
            hangs.await();
          } catch (InterruptedException e) {
            throw new AssertionError(e);
          }
          action.run();
        });
  }

  @Test
  void memoryOfFilesThatAreReadIsFreedThoughTheLastHangs() throws LoadException {
    hangAt(Place.TICKET_CLOSE, files.get(8));
    bench.first.onAwait =
        file -> {
          if (file.equals(files.get(8))) {
            throw new TransferException("last", file, 0, 1, "EIO", null);
          }
        };
    try (Loader loader = bench.loader().addFiles(0, files)) {
      assertThatExceptionOfType(TransferException.class).isThrownBy(() -> loader.load().close());
      assertThat(loader.explain().keptBytes()).isEqualTo(400);
      assertThat(bench.ledger.stillOpen("buffer")).isLessThanOrEqualTo(1);
    }
  }

  @Test
  void loadOnAnInterruptedThreadIsAlwaysCancelled() throws Exception {
    try (Loader loader = bench.loader().addFiles(0, files)) {
      loader.keys(); // else that is what is cancelled
      for (int i = 0; i < 100; i++) {
        Thread.currentThread().interrupt();
        LoadCancelledException e = late(() -> loader.load().close());
        assertThat(Thread.interrupted()).isTrue();
        assertThat(e.timedOut()).isFalse();
      }
      loadsAgain(loader);
    }
  }

  @Test
  void failureElsewhereIsTheCallersThoughAnotherFileHangs() {
    TransferException failure = new TransferException("first", files.get(0), 0, 1, "EIO", null);
    hangAt(Place.TICKET_CLOSE, files.get(1));
    bench.first.onAwait =
        _ -> {
          throw failure;
        };
    try (Loader loader = bench.loader().addFiles(0, files)) {
      TransferException thrown =
          catchThrowableOfType(TransferException.class, () -> loader.load().close());
      assertThat(thrown).isSameAs(failure);
      assertThat(thrown.getSuppressed())
          .hasOnlyElementsOfType(LoadCancelledException.class)
          .isNotEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 9})
  void headersThatHangEndAtTheDeadline(int count) throws Exception {
    for (HangingFiles.Call call : List.of(HangingFiles.Call.ATTRIBUTES, HangingFiles.Call.OPEN)) {
      HangingFiles hanging = new HangingFiles(call, ".safetensors");
      List<Path> some = files.subList(0, count).stream().map(hanging::wrap).toList();
      try (Loader loader = bench.loader().addFiles(0, some)) {
        LoadCancelledException e = late(() -> loader.load(SOON).close());
        assertThat(e.timedOut()).isTrue();
        assertThat(e).hasMessageContaining("does not answer");
        assertThat(hanging.hasHung()).isTrue();
        loader.reset().addFiles(0, files);
        loadsAgain(loader);
      } finally {
        hanging.answer();
      }
    }
  }

  @Test
  void fileThatHangsBetweenItsHeaderAndItsBytesIsNamed() throws Exception {
    HangingFiles hanging = new HangingFiles(HangingFiles.Call.ATTRIBUTES, ".safetensors");
    hanging.arm(false);
    Path file = hanging.wrap(files.getFirst());
    try (Loader loader = bench.loader().addFiles(0, List.of(file))) {
      loader.keys();
      hanging.arm(true);
      LoadCancelledException e = late(() -> loader.load(SOON).close());
      assertThat(hanging.hasHung()).isTrue();
      assertThat(e).hasMessageContaining(file + " does not answer");
    } finally {
      hanging.answer();
    }
  }

  @Test
  void checkpointThatHangsEndsAtTheLoadersTimeout() throws Exception {
    Path index = folder.resolve("model.safetensors.index.json");
    List<HangingFiles> kinds =
        List.of(
            new HangingFiles(HangingFiles.Call.ATTRIBUTES, folder.toString()),
            new HangingFiles(HangingFiles.Call.LIST, folder.toString()),
            new HangingFiles(HangingFiles.Call.OPEN, ".json"));
    for (HangingFiles hanging : kinds) {
      if (hanging.equals(kinds.getLast())) {
        Files.writeString(index, "{\"weight_map\": {\"t0\": \"model-0.safetensors\"}}");
      }
      try (Loader loader = bench.loader(Duration.ofMillis(200))) {
        LoadCancelledException e = late(() -> loader.addCheckpoint(hanging.wrap(folder)));
        assertThat(hanging.hasHung()).isTrue();
        assertThat(e).hasMessageContaining(folder + " does not answer");
        assertThat(e.timedOut()).isTrue();
      } finally {
        hanging.answer();
      }
    }
    try (Loader loader = bench.loader().addFiles(0, files)) {
      loadsAgain(loader);
    }
  }
}
