// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.TransferException;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.spi.Region;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a backend does against its contract is told with its id and the file, and leaves nothing.
 */
class BackendFaultTests {
  @TempDir private Path folder;
  private final Bench bench = new Bench();
  private final TransferException reason =
      new TransferException("first", Path.of("a"), 0, 1, "", null);
  private Path a;
  private Path b;

  @BeforeEach
  void writeFiles() throws IOException {
    a = new Samples(folder.resolve("a")).with("a", DType.F32, 100).write().path;
    b = new Samples(folder.resolve("b")).with("b", DType.F32, 200).write().path;
  }

  @AfterEach
  void nothingIsLeft() {
    bench.ledger.assertAllClosedOnce();
  }

  private Throwable failure() {
    try (Loader loader = bench.loader().addFiles(0, List.of(a, b))) {
      return catchThrowable(() -> loader.load().close());
    }
  }

  /** Where a backend may throw. */
  enum Place {
    OPEN("open"),
    SUBMIT("submit"),
    AWAIT("await"),
    STOP("stop"),
    TICKET_CLOSE("close"),
    SESSION_CLOSE("the session's close");

    final String call;

    Place(String call) {
      this.call = call;
    }
  }

  private void throwAt(Place place, Throwable thrown) {
    FakeBackend.Hook hook =
        at -> {
          if (!at.equals(b)) {
            BackendFaultTests.<RuntimeException>throwUnchecked(thrown);
          }
        };
    switch (place) {
      case OPEN -> bench.first.onOpen = hook;
      case SUBMIT -> bench.first.onSubmit = hook;
      case AWAIT -> bench.first.onAwait = hook;
      case STOP -> {
        bench.first.onAwait =
            _ -> {
              throw reason;
            };
        bench.first.onStop = hook;
      }
      case TICKET_CLOSE -> bench.first.onTicketClose = hook;
      case SESSION_CLOSE -> bench.first.onSessionClose = hook;
    }
  }

  /** Throws a checked exception where none may be thrown, as other languages do. */
  @SuppressWarnings("unchecked")
  private static <E extends Throwable> void throwUnchecked(Throwable thrown) throws E {
    throw (E) thrown;
  }

  private Throwable failureAt(Place place, Throwable thrown) {
    throwAt(place, thrown);
    Throwable failure = failure();
    if (place == Place.STOP) {
      assertThat(failure).isSameAs(reason);
      return failure.getSuppressed()[0];
    }
    return failure;
  }

  private static Stream<Arguments> exceptions() {
    List<Exception> exceptions =
        List.of(
            new NullPointerException(),
            new IllegalStateException("a bug\nof two lines"),
            new UncheckedIOException(new FileNotFoundException("x")),
            new FileNotFoundException("checked"),
            new InterruptedException("checked"));
    return Stream.of(Place.values())
        .flatMap(place -> exceptions.stream().map(thrown -> Arguments.of(place, thrown)));
  }

  @ParameterizedTest
  @MethodSource("exceptions")
  void exceptionNamesBackendAndFile(Place place, Exception thrown) {
    String text = thrown.toString().replace("\n", "\\u{a}");
    assertThat(failureAt(place, thrown))
        .isExactlyInstanceOf(IllegalStateException.class)
        .hasMessage(a + ": backend 'first' broke its contract: " + place.call + " threw " + text)
        .hasCause(thrown);
  }

  @ParameterizedTest
  @EnumSource
  void errorStaysAsItIs(Place place) {
    Error error = new StackOverflowError("in the backend");
    assertThat(failureAt(place, error)).isSameAs(error);
  }

  @ParameterizedTest
  @EnumSource(names = {"OPEN", "SUBMIT", "AWAIT"})
  void loadExceptionStaysAsItIs(Place place) {
    LoadException expected = new LoadException("EIO");
    assertThat(failureAt(place, expected)).isSameAs(expected);
  }

  @Test
  void backendThatIsAskedNextIsTheOneNamed() {
    bench.first.onAwait = FallbackTests.refuse("first", b);
    bench.second.onAwait =
        _ -> {
          throw new IllegalArgumentException("a bug");
        };
    assertThat(failure())
        .hasMessageStartingWith(b + ": backend 'second' broke its contract: await threw ");
  }

  @Test
  void ticketThatCantBeStoppedIsDrainedAllTheSame() {
    throwAt(Place.STOP, new IllegalStateException("can't stop"));
    assertThat(failure()).isSameAs(reason);
    assertThat(bench.ledger.opened("ticket")).isEqualTo(2);
    bench.ledger.assertAllClosedOnce("ticket", "session", "buffer");
  }

  @ParameterizedTest
  @ValueSource(strings = {"open", "submit"})
  void nullIsNoAnswer(String call) {
    bench.first.returnsNull = call;
    assertThat(failure())
        .isExactlyInstanceOf(IllegalStateException.class)
        .hasMessage(a + ": backend 'first' broke its contract: " + call + " returned null");
  }

  private void checkAnswer(UnaryOperator<LoadedRanges> answer, String told) {
    bench.first.answer = answer;
    assertThat(failure())
        .isExactlyInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith(a + ": backend 'first' broke its contract: await returned " + told);
  }

  @Test
  void rangesAreAnAnswer() {
    checkAnswer(
        loaded -> {
          loaded.buffers().getFirst().close();
          return null;
        },
        "null");
  }

  @Test
  void regionsAreOfTheBuffers() {
    checkAnswer(
        loaded -> {
          loaded.buffers().getFirst().close();
          return LoadedRanges.of(List.of(), loaded.regions(), loaded.stats());
        },
        "Region[");
  }

  @Test
  void memoryThatIsToBeWrittenIsNotReadOnly() {
    bench.first.answer =
        loaded -> {
          DeviceBuffer right = loaded.buffers().getFirst();
          Region region = loaded.regions().getFirst();
          DeviceBuffer wrong =
              DeviceBuffer.ofHost(right.host().orElseThrow().asReadOnly(), right::close);
          Region same = Region.of(wrong, region.offset(), region.bytes());
          return LoadedRanges.of(List.of(wrong), List.of(same), loaded.stats());
        };
    LoadOptions options = LoadOptions.builder().writable(true).build();
    try (Loader loader = bench.loader().addFiles(0, List.of(a))) {
      assertThat(catchThrowable(() -> loader.load(options).close()))
          .isExactlyInstanceOf(IllegalStateException.class)
          .hasMessage(
              a + ": backend 'first' broke its contract: gave read-only memory (rule IO-136)");
    }
  }

  @Test
  void regionsAreAsManyAsRanges() {
    checkAnswer(
        loaded -> LoadedRanges.of(loaded.buffers(), List.of(), loaded.stats()),
        "0 regions for 1 tensors");
  }

  @Test
  void regionsAreOfTheSizeOfRanges() {
    checkAnswer(
        loaded -> {
          Region part = loaded.regions().getFirst().slice(0, 8);
          return LoadedRanges.of(loaded.buffers(), List.of(part), loaded.stats());
        },
        "Region[");
    assertThat(failure()).hasMessageContaining("for tensor 'a' F32 [100]");
  }
}
