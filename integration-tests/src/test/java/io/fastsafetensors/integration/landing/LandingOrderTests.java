// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.landing;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.Loader;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.TensorOptions;
import io.fastsafetensors.integration.parts.Leftovers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is asked for is read before the rest; reads are counted. */
@Timeout(120)
class LandingOrderTests {
  /** A tensor's own blocks, one at either end that it shares, and those under way or ready. */
  private static final long SOON = Landing.BYTES + 8 * Landing.BLOCK;

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
  void tensorThatIsAskedForIsReadNext(
      String device, String backend, AccessPath path, DirectMode direct) throws Exception {
    Landing landing = Landing.of(device, backend, path, direct);
    for (String name : List.of(Landing.name(1, 7), Landing.name(0, 5), Landing.name(1, 3))) {
      Gate gate = new Gate(0);
      try (Loader loader = landing.loader(files);
          FileBuffer buffer = loader.begin(landing.options(gate).build());
          gate) {
        gate.awaitHeld();
        awaitAllOpen();
        CompletableFuture<Void> checked = asked(() -> Landing.check(buffer, name));
        gate.let(SOON);
        checked.get(30, TimeUnit.SECONDS);
        assertThat(gate.done()).isLessThan(Landing.ALL / 2);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"cpu, cpu, COPIED, AUTO", "sim:1, posix, AUTO, ON"})
  void tensorsThatAreAskedForAreReadInOrder(
      String device, String backend, AccessPath path, DirectMode direct) throws Exception {
    Landing landing = Landing.of(device, backend, path, direct);
    List<String> names = List.of(Landing.name(0, 6), Landing.name(1, 2), Landing.name(1, 7));
    Gate gate = new Gate(0);
    try (Loader loader = landing.loader(files);
        FileBuffer buffer = loader.begin(landing.options(gate).build());
        gate) {
      gate.awaitHeld();
      awaitAllOpen();
      CompletableFuture<Void> checked =
          asked(() -> {
            Map<String, Tensor> all = buffer.all(names, TensorOptions.defaults());
            for (Tensor tensor : all.values()) {
              Landing.check(tensor);
            }
          });
      gate.let(2L * Landing.BYTES + SOON);
      checked.get(30, TimeUnit.SECONDS);
      assertThat(gate.done()).isLessThan(Landing.ALL / 2);
    }
  }

  private interface Ask {
    void run() throws Exception;
  }

  /** Asks on a thread of its own; returns once that waits. */
  private static CompletableFuture<Void> asked(Ask ask) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    Thread thread =
        Thread.ofPlatform()
            .start(() -> {
              try {
                ask.run();
                done.complete(null);
              } catch (Throwable e) {
                done.completeExceptionally(e);
              }
            });
    while (!waitsInATicket(thread) && !done.isDone()) {
      LockSupport.parkNanos(1_000_000); // JUnit ends it
    }
    return done;
  }

  private static boolean waitsInATicket(Thread thread) {
    return thread.getState() == Thread.State.TIMED_WAITING
        && Stream.of(thread.getStackTrace())
            .anyMatch(frame -> frame.getClassName().endsWith(".EarlyTicket"));
  }

  /** Waits until all files are being read. */
  private void awaitAllOpen() throws Exception {
    while (!files.stream().allMatch(file -> isOpen(file))) {
      LockSupport.parkNanos(1_000_000); // JUnit ends it
    }
  }

  private boolean isOpen(Path file) {
    try {
      return Leftovers.of(folder).contains(file.toString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
