// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.landing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.Cancellation;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.integration.parts.Leftovers;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is left of a load that fails, or is ended, when some tensors were given out. */
@Timeout(120)
class LandingFailureTests {
  private static final Landing COPIED =
      Landing.of("cpu", "cpu", AccessPath.COPIED, DirectMode.AUTO);
  private static final String FIRST = Landing.NAMES[0];
  private static final String UNASKED = Landing.NAMES[1];
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

  /** Cuts the second file off, in the middle of what is not read yet. */
  private void cut() throws Exception {
    try (FileChannel channel = FileChannel.open(files.get(1), StandardOpenOption.WRITE)) {
      channel.truncate(channel.size() - Landing.BYTES / 2);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "cpu, cpu, COPIED, AUTO",
    "cpu, posix, COPIED, OFF",
    "cpu, posix, COPIED, ON",
    "sim:0, sim, AUTO, AUTO",
    "sim:1, posix, AUTO, ON"
  })
  void tensorsThatWereThereStayAndOthersSayWhatHappened(
      String device, String backend, AccessPath path, DirectMode direct) throws Exception {
    Landing landing = Landing.of(device, backend, path, direct);
    Gate gate = new Gate(Landing.ALL / 4 * 3);
    try (Loader loader = landing.loader(files);
        FileBuffer buffer = loader.begin(landing.options(gate).build());
        gate) {
      gate.awaitHeld();
      Tensor given = buffer.tensor(FIRST);
      boolean there = buffer.isLoaded(UNASKED); // on a device copies may be under way
      assertThat(there || !landing.device().isCpu()).isTrue();
      cut();
      gate.close();

      LoadException first = catchThrowableOfType(LoadException.class, () -> buffer.tensor(LAST));
      LoadException second = catchThrowableOfType(LoadException.class, () -> buffer.tensor(LAST));
      assertThat(first).hasMessageStartingWith("tensor '" + LAST + "' was not loaded: ");
      assertThat(first).hasMessageContaining(files.get(1).toString());
      assertThat(second).isNotSameAs(first).hasMessage(first.getMessage());
      assertThatExceptionOfType(LoadException.class).isThrownBy(buffer::awaitAll);
      Landing.check(given);
      Landing.check(buffer, FIRST);
      if (there) {
        assertThat(buffer.isLoaded(UNASKED)).isTrue();
        Landing.check(buffer, UNASKED);
      }
      assertThat(buffer.isLoaded(LAST)).isFalse();
    }
  }

  @Test
  void failureThatNobodyHeardOfIsToldByClose() throws Exception {
    Gate gate = new Gate(Landing.ALL / 4 * 3);
    try (Loader loader = COPIED.loader(files)) {
      FileBuffer buffer = loader.begin(COPIED.options(gate).build());
      gate.awaitHeld();
      Landing.check(buffer, FIRST);
      cut();
      gate.close();
      while (!Leftovers.of(folder).isEmpty()) {
        LockSupport.parkNanos(1_000_000); // a load that has failed has closed its files
      }
      assertThatThrownBy(buffer::close)
          .isInstanceOf(UncheckedIOException.class)
          .hasCauseInstanceOf(LoadException.class)
          .hasMessageContaining(files.get(1).toString());
      assertThat(Leftovers.of(folder)).isEmpty();
      buffer.close();
    }
  }

  @Test
  void exceptionOfTheBodyIsNotHiddenByClose() {
    IllegalStateException own = new IllegalStateException("the body's");
    assertThatThrownBy(
            () -> {
              try (Loader loader = COPIED.loader(files);
                  FileBuffer buffer =
                      loader.begin(COPIED.options(new Gate(Long.MAX_VALUE)).build())) {
                buffer.awaitAll();
                throw own;
              }
            })
        .isSameAs(own);
  }

  @Test
  void fileThatIsGoneBeforeTheLoadBeginsFailsBegin() throws Exception {
    try (Loader loader = COPIED.loader(files)) {
      assertThat(loader.keys()).hasSize(Landing.NAMES.length);
      Files.delete(files.getFirst());
      assertThatExceptionOfType(LoadException.class)
          .isThrownBy(() -> loader.begin(LoadOptions.defaults()).close())
          .withMessageContaining(files.getFirst().toString());
    }
  }

  @Test
  void timeoutEndsTheWait() throws Exception {
    Gate gate = new Gate(Landing.BLOCK);
    LoadOptions soon = COPIED.options(gate).timeout(Duration.ofMillis(500)).build();
    try (Loader loader = COPIED.loader(files);
        FileBuffer buffer = loader.begin(soon);
        gate) {
      LoadCancelledException late =
          catchThrowableOfType(LoadCancelledException.class, () -> buffer.tensor(LAST));
      assertThat(late.timedOut()).isTrue();
      assertThat(late).hasMessageContaining("the load took longer than 500 ms");
    }
  }

  @Test
  void cancellationEndsTheWait() throws Exception {
    Gate gate = new Gate(Landing.BLOCK);
    Cancellation cancellation = new Cancellation();
    try (Loader loader = COPIED.loader(files);
        FileBuffer buffer = loader.begin(COPIED.options(gate).cancellation(cancellation).build());
        gate) {
      gate.awaitHeld();
      cancellation.cancel();
      gate.close();
      assertThatExceptionOfType(LoadCancelledException.class)
          .isThrownBy(() -> buffer.tensor(LAST))
          .withMessageContaining("the load was cancelled");
    }
  }

  @Test
  void loaderThatIsClosedEndsTheLoad() throws Exception {
    Gate gate = new Gate(Landing.ALL / 4 * 3);
    Loader loader = COPIED.loader(files);
    try (FileBuffer buffer = loader.begin(COPIED.options(gate).build());
        gate) {
      gate.awaitHeld();
      Landing.check(buffer, FIRST);
      loader.close();
      gate.close();
      assertThatExceptionOfType(LoadCancelledException.class)
          .isThrownBy(() -> buffer.tensor(LAST))
          .withMessageContaining("the loader was closed");
      Landing.check(buffer, FIRST);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "cpu, cpu, COPIED, AUTO",
    "cpu, cpu, MAPPED, AUTO",
    "cpu, posix, AUTO, AUTO",
    "cpu, posix, COPIED, ON",
    "sim:0, sim, AUTO, AUTO",
    "sim:1, posix, AUTO, ON"
  })
  void closeEndsTheLoadAtAnyPoint(String device, String backend, AccessPath path, DirectMode direct)
      throws Exception {
    Landing landing = Landing.of(device, backend, path, direct);
    for (long point = 0; point <= Landing.ALL; point += 7 * Landing.BLOCK) {
      Gate gate = new Gate(point);
      try (Loader loader = landing.loader(files);
          FileBuffer buffer = loader.begin(landing.options(gate).build());
          gate) {
        if (point > Landing.ALL / 2 && path == AccessPath.COPIED) {
          Landing.check(buffer, FIRST);
        }
      }
      assertThat(Leftovers.of(folder)).as("closed after %s bytes", point).isEmpty();
    }
  }
}
