// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.fastsafetensors.BackendUnavailableException;
import io.fastsafetensors.Cancellation;
import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.TransferException;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.format.LoadException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever fails in a load, the right exception comes out and nothing is left behind. */
class LoadFailureTests {
  @TempDir private Path folder;
  private final Bench bench = new Bench();
  private Path a;
  private Path b;
  private Path c;

  @BeforeEach
  void writeFiles() throws IOException {
    a = new Samples(folder.resolve("a")).with("a", DType.F32, 100).write().path;
    b = new Samples(folder.resolve("b")).with("b", DType.F32, 200).write().path;
    c = new Samples(folder.resolve("c")).with("c", DType.F32, 300).write().path;
  }

  @AfterEach
  void nothingIsLeft() {
    bench.ledger.assertAllClosedOnce();
  }

  private Throwable failure() {
    return failure(LoadOptions.defaults());
  }

  /** Loads all files, expects a failure, and that the loader can load afterwards. */
  private Throwable failure(LoadOptions options) {
    try (Loader loader = bench.loader().addFiles(0, List.of(a, b, c))) {
      Throwable failure = catchThrowable(() -> loader.load(options).close());
      bench.ledger.assertAllClosedOnce("buffer", "staging", "ticket", "session");
      return failure;
    }
  }

  private FakeBackend.Hook failAt(Path file, Exception failure) {
    return at -> {
      if (at.equals(file)) {
        if (failure instanceof LoadException e) {
          throw e;
        }
        throw (RuntimeException) failure;
      }
    };
  }

  @Test
  void aTicketThatFails() {
    LoadException reason = new TransferException("first", b, 8, 100, "EIO", null);
    bench.first.onAwait = failAt(b, reason);
    assertThat(failure()).isSameAs(reason);
    assertThat(bench.second.submitted).as("an I/O error never goes to the next").isEmpty();
  }

  @Test
  void aFileThatCantBeSubmitted() {
    LoadException reason = new LoadException("too many open files");
    bench.first.onSubmit = failAt(c, reason);
    assertThat(failure()).isSameAs(reason);
    assertThat(bench.first.submitted).containsExactly(a, b);
  }

  @Test
  void aFileThatWasTruncatedSinceItsHeaderWasRead() throws IOException {
    bench.first.onAwait =
        at -> {
          try (FileChannel channel = FileChannel.open(b, StandardOpenOption.WRITE)) {
            channel.truncate(200);
          } catch (IOException e) {
            throw new LoadException("truncate", e);
          }
        };
    assertThat(failure())
        .isInstanceOf(TransferException.class)
        .hasMessageStartingWith(b + ": the file is too short");
  }

  @Test
  void aSessionThatCantBeOpened() {
    LoadException reason = new LoadException("no session");
    bench.first.onOpen = failAt(Path.of("first"), reason);
    assertThat(failure()).isSameAs(reason);
  }

  @Test
  void aTicketThatCantBeClosedDoesNotHideTheFailureNorKeepTheOthersOpen() {
    LoadException reason = new LoadException("EIO");
    bench.first.onAwait = failAt(a, reason);
    bench.first.onTicketClose = failAt(b, new IllegalStateException("can't close"));
    Throwable failure = failure();
    assertThat(failure).isSameAs(reason);
    assertThat(failure.getSuppressed()).hasSize(1);
  }

  @Test
  void aDeviceThatDoesNotOpen() {
    bench.runtime.failsToOpen = true;
    assertThat(failure()).isInstanceOf(LoadException.class).hasMessageContaining("refuses");
  }

  @Test
  void aBackendAskedForThatIsNotThere() {
    assertThat(failure(LoadOptions.builder().backend("gds").build()))
        .isInstanceOf(BackendUnavailableException.class)
        .hasMessageStartingWith("'gds', asked for to read files to fake:0, was not found");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void memoryThatRunsOut(int allocations) {
    bench.runtime.allocationsUntilFailure.set(allocations);
    assertThat(failure()).isInstanceOf(DeviceMemoryException.class);
    assertThat(bench.ledger.opened("buffer")).isEqualTo(allocations);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5})
  void memoryThatRunsOutWhileConverting(int allocations) {
    bench.runtime.allocationsUntilFailure.set(allocations);
    assertThat(failure(LoadOptions.builder().dtype(DType.F16).build()))
        .isInstanceOf(DeviceMemoryException.class);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5})
  void aDeviceThatFails(int operations) {
    bench.runtime.operationsUntilFailure.set(operations);
    assertThat(failure(LoadOptions.builder().dtype(DType.F16).build()))
        .isInstanceOf(LoadException.class)
        .hasMessage("the device failed on demand");
  }

  @Test
  void aBudgetThatTheConvertedTensorsAloneExceed() {
    LoadOptions options = LoadOptions.builder().dtype(DType.F16).memoryBudget(1000).build();
    assertThat(failure(options))
        .isInstanceOf(DeviceMemoryException.class)
        .hasMessageContaining("the memory budget is smaller than the converted tensors: raise it");
  }

  @Test
  void theConvertedTensorsShareOfTheBudgetIsKeptFromTheBackend() throws IOException {
    LoadOptions options = LoadOptions.builder().dtype(DType.F16).memoryBudget(5000).build();
    try (Loader loader = bench.loader().addFiles(0, List.of(a, b, c));
        FileBuffer buffer = loader.load(options)) {
      assertThat(bench.first.options.memoryBudget()).isEqualTo(5000 - 600 * 2);
      assertThat(buffer.report().bytes()).isEqualTo(2400);
    }
  }

  @Test
  void aListenerThatThrows() {
    RuntimeException bug = new IllegalStateException("no terminal");
    LoadOptions options =
        LoadOptions.builder()
            .progress((done, total) -> {
              if (done >= 1200) {
                throw bug;
              }
            })
            .build();
    assertThat(failure(options)).isSameAs(bug);
    assertThat(bench.ledger.opened("ticket")).isEqualTo(3);
  }

  @Test
  void aListenerThatThrowsAtTheLastBlock() {
    Error error = new StackOverflowError("in the listener");
    LoadOptions options =
        LoadOptions.builder()
            .progress((done, total) -> {
              if (done == total) {
                throw error;
              }
            })
            .build();
    assertThat(failure(options)).isSameAs(error);
  }

  @Test
  void aCancellationFromWithin() {
    Cancellation cancellation = new Cancellation();
    LoadOptions options =
        LoadOptions.builder()
            .cancellation(cancellation)
            .progress((done, total) -> cancellation.cancel())
            .build();
    assertThat(failure(options))
        .isInstanceOf(LoadCancelledException.class)
        .hasMessage("the load was cancelled: 400 of 2400 bytes were in place");
  }

  @Test
  void aCancellationBeforeTheStart() {
    Cancellation cancellation = new Cancellation();
    cancellation.cancel();
    assertThat(failure(LoadOptions.builder().cancellation(cancellation).build()))
        .isInstanceOf(LoadCancelledException.class);
    assertThat(bench.first.submitted).isEmpty();
  }

  @Test
  void aLoaderThatIsClosedMeanwhile() throws IOException {
    Loader loader = bench.loader().addFiles(0, List.of(a, b, c));
    bench.first.onAwait = _ -> loader.close();
    assertThatExceptionOfType(LoadCancelledException.class)
        .isThrownBy(loader::load)
        .withMessage("the loader was closed: 0 of 2400 bytes were in place");
    assertThatIllegalStateException().isThrownBy(loader::load);
  }

  @Test
  void aTimeThatIsOver() {
    assertThat(failure(LoadOptions.builder().timeout(Duration.ofNanos(1)).build()))
        .isInstanceOfSatisfying(
            LoadCancelledException.class, e -> assertThat(e.timedOut()).isTrue());
  }

  @Test
  void aLoaderLoadsAgainAfterAFailure() throws IOException {
    try (Loader loader = bench.loader().addFiles(0, List.of(a, b))) {
      bench.first.onAwait = failAt(b, new LoadException("once"));
      assertThatExceptionOfType(LoadException.class).isThrownBy(loader::load);
      bench.first.onAwait = _ -> {};
      try (FileBuffer buffer = loader.load()) {
        assertThat(buffer.keys()).containsExactly("a", "b");
      }
    }
  }

  @Test
  void memoryInUseByTheJdkIsFreedByTheNextClose() throws IOException {
    try (Loader loader = bench.loader().addFiles(0, List.of(a, b))) {
      FileBuffer buffer = loader.load();
      bench.runtime.busyOnClose = true;
      assertThatIllegalStateException()
          .isThrownBy(buffer::close)
          .withMessage("an I/O operation is using this buffer");
      assertThatIllegalStateException()
          .isThrownBy(() -> buffer.tensor("a"))
          .withMessage("the FileBuffer is closed");
      bench.runtime.busyOnClose = false;
      buffer.close();
      buffer.close();
      bench.ledger.assertAllClosedOnce("buffer");
    }
  }
}
