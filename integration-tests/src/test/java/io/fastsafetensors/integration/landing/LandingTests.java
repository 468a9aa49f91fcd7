// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.landing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.Loader;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.TensorOptions;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.integration.parts.Leftovers;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A tensor is there once its own bytes are, whatever the rest of the load does. */
@Timeout(120)
class LandingTests {
  private static final Landing COPIED =
      Landing.of("cpu", "cpu", AccessPath.COPIED, DirectMode.AUTO);

  private static final String LAST = Landing.NAMES[Landing.NAMES.length - 1];

  @TempDir private Path folder;
  private List<Path> files;

  @BeforeEach
  void writeFiles() throws Exception {
    files = Landing.write(folder);
  }

  @AfterEach
  void nothingIsLeft() throws Exception {
    assertThat(Leftovers.of(folder)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "cpu, cpu, COPIED, AUTO",
    "cpu, posix, COPIED, OFF",
    "cpu, posix, COPIED, ON",
    "sim:0, sim, AUTO, AUTO",
    "sim:1, posix, AUTO, ON"
  })
  void tensorsThatAreThereAreGivenOutWhileTheRestIsHeld(
      String device, String backend, AccessPath path, DirectMode direct) throws Exception {
    Landing landing = Landing.of(device, backend, path, direct);
    Gate gate = new Gate(Landing.ALL / 4 * 3);
    try (Loader loader = landing.loader(files);
        FileBuffer buffer = loader.begin(landing.options(gate).build());
        gate) {
      gate.awaitHeld();
      // A read of each file in turn: of both the first tensors are there, and not the very last.
      for (int file = 0; file < Landing.FILES; file++) {
        Landing.check(buffer, Landing.name(file, 0));
        Landing.check(buffer, Landing.name(file, 1));
        assertThat(buffer.isLoaded(Landing.name(file, 1))).isTrue();
      }
      assertThat(buffer.isLoaded(LAST)).isFalse();
      assertThat(gate.done()).isLessThan(Landing.ALL);
      gate.close();
      Landing.checkAll(buffer);
      buffer.awaitAll();
      assertThat(Landing.NAMES).allMatch(buffer::isLoaded);
      assertThat(buffer.report().files()).hasSize(Landing.FILES);
      assertThat(loader.explain().files()).hasSize(Landing.FILES);
    }
  }

  @ParameterizedTest
  @CsvSource({"cpu, cpu, MAPPED, AUTO", "cpu, posix, AUTO, AUTO", "cpu, posix, MAPPED, OFF"})
  void mappedTensorsAreThereAtOnce(
      String device, String backend, AccessPath path, DirectMode direct) throws Exception {
    Landing landing = Landing.of(device, backend, path, direct);
    try (Loader loader = landing.loader(files);
        FileBuffer buffer = loader.begin(landing.options(new Gate(Long.MAX_VALUE)).build())) {
      Landing.checkAll(buffer);
      buffer.awaitAll();
      Landing.checkAll(buffer);
    }
  }

  @Test
  void viewsThatWereGivenOutEarlyStayWhenAllIsThere() throws Exception {
    Gate gate = new Gate(Landing.ALL / 4 * 3);
    try (Loader loader = COPIED.loader(files);
        FileBuffer buffer = loader.begin(COPIED.options(gate).build());
        gate) {
      Tensor early = buffer.tensor(Landing.name(0, 0));
      assertThat(early.isView()).isTrue();
      gate.close();
      buffer.awaitAll();
      Landing.check(early);
      assertThat(buffer.tensor(Landing.name(0, 0)).host().orElseThrow().address())
          .isEqualTo(early.host().orElseThrow().address());
    }
  }

  @Test
  void manyTensorsWaitForTheirsOnly() throws Exception {
    Gate gate = new Gate(Landing.ALL / 4 * 3);
    try (Loader loader = COPIED.loader(files);
        FileBuffer buffer = loader.begin(COPIED.options(gate).build());
        gate) {
      gate.awaitHeld();
      List<String> some = List.of(Landing.name(1, 1), Landing.name(0, 0), Landing.name(1, 0));
      Map<String, Tensor> early = buffer.all(some, TensorOptions.defaults());
      assertThat(early).containsOnlyKeys(some);
      for (Tensor tensor : early.values()) {
        Landing.check(tensor);
      }
      gate.close();
    }
  }

  @Test
  void convertedTensorsAreThereWithTheirFile() throws Exception {
    try (Loader loader = COPIED.loader(files);
        FileBuffer buffer =
            loader.begin(
                COPIED.options(new Gate(Long.MAX_VALUE)).dtype("0.*", DType.BF16).build())) {
      Landing.check(buffer, Landing.name(1, 7));
      assertThat(buffer.tensor(Landing.name(0, 7)).dtype()).isEqualTo(DType.BF16);
    }
  }

  @Test
  void interruptEndsTheWaitAndNotTheLoad() throws Exception {
    Gate gate = new Gate(Landing.BLOCK);
    try (Loader loader = COPIED.loader(files);
        FileBuffer buffer = loader.begin(COPIED.options(gate).build());
        gate) {
      Thread.currentThread().interrupt();
      LoadCancelledException e =
          catchThrowableOfType(LoadCancelledException.class, () -> buffer.tensor(LAST));
      assertThat(Thread.interrupted()).isTrue();
      assertThat(e.timedOut()).isFalse();
      gate.close();
      buffer.awaitAll();
      Landing.checkAll(buffer);
    }
  }

  @Test
  void waitingThreadsHearOfAClose() throws Exception {
    Gate gate = new Gate(Landing.BLOCK);
    CompletableFuture<Throwable> thrown = new CompletableFuture<>();
    try (Loader loader = COPIED.loader(files);
        FileBuffer buffer = loader.begin(COPIED.options(gate).build());
        gate) {
      Thread waiter =
          Thread.ofPlatform()
              .start(() ->
                  thrown.complete(
                      catchThrowableOfType(Throwable.class, () -> buffer.tensor(LAST))));
      awaitWaiting(waiter);
      Thread closer = Thread.ofPlatform().start(buffer::close);
      awaitWaiting(closer);
      gate.close();
      assertThat(thrown.get(60, TimeUnit.SECONDS))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("the FileBuffer is closed");
      closer.join();
    }
  }

  /** Waits until a thread waits. */
  private static void awaitWaiting(Thread thread) {
    while (thread.getState() == Thread.State.RUNNABLE || thread.getState() == Thread.State.NEW) {
      LockSupport.parkNanos(1_000_000); // JUnit ends it
    }
  }
}
