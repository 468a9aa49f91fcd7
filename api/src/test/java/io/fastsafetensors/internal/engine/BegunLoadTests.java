// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.TransferException;
import io.fastsafetensors.UnsupportedTransferException;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.format.LoadException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Loads behind their buffers, by a backend that gives out no range early: a file at a time. */
@Timeout(60)
class BegunLoadTests {
  private static final int FILES = 70;

  @TempDir private Path folder;
  private final Bench bench = new Bench();
  private final List<Path> files = new ArrayList<>();
  private final CountDownLatch gate = new CountDownLatch(1);

  @BeforeEach
  void writeFiles() throws IOException {
    for (int i = 0; i < FILES; i++) {
      Path path = folder.resolve("model-%02d.safetensors".formatted(i));
      files.add(new Samples(path).with("t" + i, DType.F32, 100).write().path);
    }
  }

  @AfterEach
  void nothingIsLeft() {
    gate.countDown();
    until(() -> bench.ledger.stillOpen("session", "context", "buffer", "ticket") == 0);
    bench.ledger.assertAllClosedOnce();
  }

  private static void until(BooleanSupplier condition) {
    while (!condition.getAsBoolean()) {
      LockSupport.parkNanos(1_000_000); // JUnit ends it
    }
  }

  /** Holds the load at a file, whatever interrupts come. */
  private void holdAt(Path file) {
    bench.first.onAwait =
        at -> {
          boolean interrupted = false;
          while (at.equals(file) && gate.getCount() > 0) {
            try {
              gate.await();
            } catch (InterruptedException e) {
              interrupted = true;
            }
          }
          if (interrupted) {
            Thread.currentThread().interrupt();
          }
        };
  }

  @Test
  void tensorsOfFilesThatAreThereAreGivenOutWhileAnotherIsHeld() throws Exception {
    holdAt(files.get(3));
    try (Loader loader = bench.loader().addFiles(0, files);
        FileBuffer buffer = loader.begin(LoadOptions.defaults())) {
      assertThat(buffer.tensor("t2").name()).isEqualTo("t2");
      assertThat(buffer.isLoaded("t3")).isFalse();
      gate.countDown();
      buffer.awaitAll();
      assertThat(buffer.keys()).hasSize(FILES).allMatch(buffer::isLoaded);
    }
  }

  @Test
  void fileThatIsAskedForIsSubmittedNext() throws Exception {
    holdAt(files.getFirst());
    try (Loader loader = bench.loader().addFiles(0, files);
        FileBuffer buffer = loader.begin(LoadOptions.defaults())) {
      until(() -> bench.first.submitted.size() == 64); // as many as may be in flight
      CompletableFuture<Tensor> asked = new CompletableFuture<>();
      Thread thread = Thread.ofPlatform().start(() -> asked.complete(tensor(buffer, "t69")));
      until(() -> thread.getState() == Thread.State.TIMED_WAITING);
      gate.countDown();
      assertThat(asked.get(30, TimeUnit.SECONDS).name()).isEqualTo("t69");
      assertThat(bench.first.submitted.get(64)).isEqualTo(files.get(69));
    }
  }

  private static Tensor tensor(FileBuffer buffer, String name) {
    try {
      return buffer.tensor(name);
    } catch (LoadException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void fileThatABackendRefusesComesFromTheNext() throws Exception {
    bench.first.onAwait =
        file -> {
          if (file.equals(files.get(2))) {
            throw new UnsupportedTransferException("first", file, "no such feature", null);
          }
        };
    try (Loader loader = bench.loader().addFiles(0, files);
        FileBuffer buffer = loader.begin(LoadOptions.defaults())) {
      assertThat(buffer.tensor("t2").name()).isEqualTo("t2");
      buffer.awaitAll();
      assertThat(bench.second.submitted).containsExactly(files.get(2));
    }
  }

  @Test
  void failureIsToldAtTheTensorsThatLackAndNotAgainAtClose() throws Exception {
    failAt(files.get(5));
    try (Loader loader = bench.loader().addFiles(0, files);
        FileBuffer buffer = loader.begin(LoadOptions.defaults())) {
      LoadException e = catchThrowableOfType(LoadException.class, () -> buffer.tensor("t5"));
      assertThat(e)
          .hasMessageContaining("tensor 't5' was not loaded: ")
          .hasMessageContaining("EIO");
      assertThat(e).hasCauseInstanceOf(TransferException.class);
      assertThat(buffer.tensor("t4").name()).isEqualTo("t4");
      assertThatExceptionOfType(LoadException.class).isThrownBy(() -> buffer.tensor("t69"));
    }
  }

  @Test
  void failureThatNobodyHeardOfIsToldByClose() throws Exception {
    failAt(files.get(5));
    try (Loader loader = bench.loader().addFiles(0, files)) {
      FileBuffer buffer = loader.begin(LoadOptions.defaults());
      assertThat(buffer.tensor("t4").name()).isEqualTo("t4");
      until(() -> bench.ledger.stillOpen("session") == 0);
      assertThatThrownBy(buffer::close)
          .isInstanceOf(UncheckedIOException.class)
          .hasMessageContaining("EIO");
      buffer.close();
    }
  }

  @Test
  void failureIsSuppressedInWhatTheBodyThrew() {
    failAt(files.get(5));
    IllegalStateException own = new IllegalStateException("the body's");
    assertThatThrownBy(
            () -> {
              try (Loader loader = bench.loader().addFiles(0, files);
                  FileBuffer buffer = loader.begin(LoadOptions.defaults())) {
                assertThat(buffer.keys()).hasSize(FILES);
                until(() -> bench.ledger.stillOpen("session") == 0);
                throw own;
              }
            })
        .isSameAs(own)
        .satisfies(e ->
            assertThat(e.getSuppressed()).singleElement().isInstanceOf(UncheckedIOException.class));
  }

  private void failAt(Path file) {
    bench.first.onAwait =
        at -> {
          if (at.equals(file)) {
            throw new TransferException("first", at, 0, 1, "EIO", null);
          }
        };
  }

  @Test
  void waitEndsAtTheDeadlineThoughTheFileHangsAndCloseEndsToo() throws Exception {
    holdAt(files.get(3));
    LoadOptions soon = LoadOptions.builder().timeout(Duration.ofSeconds(1)).build();
    try (Loader loader = bench.loader().addFiles(0, files);
        FileBuffer buffer = loader.begin(soon)) {
      assertThat(buffer.tensor("t2").name()).isEqualTo("t2");
      LoadCancelledException late =
          catchThrowableOfType(LoadCancelledException.class, () -> buffer.tensor("t3"));
      assertThat(late.timedOut()).isTrue();
      assertThat(late.keptBytes()).isPositive();
      assertThat(buffer.tensor("t2").name()).isEqualTo("t2");
    }
  }

  @Test
  void listenerThatThrowsFailsTheLoad() throws Exception {
    LoadOptions options =
        LoadOptions.builder()
            .progress((done, _) -> {
              if (done > 2000) {
                throw new IllegalArgumentException("a listener's");
              }
            })
            .build();
    try (Loader loader = bench.loader().addFiles(0, files);
        FileBuffer buffer = loader.begin(options)) {
      assertThatExceptionOfType(LoadException.class)
          .isThrownBy(buffer::awaitAll)
          .withMessageContaining("a listener's")
          .withCauseInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void loaderLoadsOtherFilesMeanwhile() throws Exception {
    holdAt(files.get(3));
    try (Loader loader = bench.loader().addFiles(0, files);
        FileBuffer buffer = loader.begin(LoadOptions.defaults())) {
      until(() -> bench.ledger.stillOpen("ticket") > 3);
      loader.reset().addFiles(0, files.subList(10, 12));
      try (FileBuffer other = loader.load()) {
        assertThat(other.keys()).containsExactly("t10", "t11");
      }
      gate.countDown();
      buffer.awaitAll();
    }
  }

  @Test
  void closedBufferRefuses() throws Exception {
    try (Loader loader = bench.loader().addFiles(0, files)) {
      FileBuffer buffer = loader.begin(LoadOptions.defaults());
      buffer.close();
      assertThatExceptionOfType(IllegalStateException.class).isThrownBy(() -> buffer.tensor("t0"));
      assertThatExceptionOfType(IllegalStateException.class).isThrownBy(buffer::awaitAll);
      assertThatExceptionOfType(IllegalStateException.class)
          .isThrownBy(() -> buffer.isLoaded("t0"));
    }
  }
}
