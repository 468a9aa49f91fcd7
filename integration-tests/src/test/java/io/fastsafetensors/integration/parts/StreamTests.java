// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.parts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.Cancellation;
import io.fastsafetensors.Device;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.StreamOptions;
import io.fastsafetensors.StreamedTensor;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.TensorStream;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadCancelledException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How a stream is used, and ended: its order, its window, its consumers. */
@Timeout(120)
@Tag("slow")
class StreamTests {
  private static final long MIB = 1 << 20;
  private static final int TENSORS = 40;
  private static final List<AccessPath> PATHS = List.of(AccessPath.values());

  @TempDir private static Path folder;

  private static NumberedFile file;

  /** Tensors of 4 KiB to 1 MiB, in no order of size. */
  @BeforeAll
  static void write() throws Exception {
    List<Long> rows = new ArrayList<>();
    for (int i = 0; i < TENSORS; i++) {
      rows.add(1L + i * 7 % TENSORS * 255 / (TENSORS - 1));
    }
    file = new NumberedFile(folder.resolve("m.safetensors"), rows, 1024).write();
  }

  /** What was left behind ends as soon as its listener does. */
  @AfterEach
  void nothingIsLeft() throws Exception {
    for (int i = 0; i < 1000 && !Leftovers.of(folder).isEmpty(); i++) {
      Thread.sleep(10);
    }
    assertThat(Leftovers.of(folder)).isEmpty();
  }

  private static StreamOptions window(long bytes) {
    return StreamOptions.builder()
        .window(bytes)
        .load(LoadOptions.builder().path(AccessPath.COPIED).build())
        .build();
  }

  private static List<String> names(TensorStream stream) throws Exception {
    List<String> names = new ArrayList<>();
    stream.consume(tensor -> {
      file.check(tensor);
      names.add(tensor.name());
    });
    return names;
  }

  @ParameterizedTest
  @EnumSource(AccessPath.class)
  void tensorsComeAsTheyAreStored(AccessPath path) throws Exception {
    LoadOptions load = LoadOptions.builder().path(path).build();
    try (Loader loader = file.open();
        TensorStream stream = loader.stream(window(2 * MIB).toBuilder().load(load).build())) {
      assertThat(names(stream)).containsExactlyElementsOf(loader.keys());
      assertThat(stream.mostHeld()).isBetween(MIB, 2 * MIB);
      assertThat(stream.next()).isEmpty();
      assertThat(stream.report().files())
          .singleElement()
          .satisfies(report -> assertThat(report.file()).isEqualTo(file.path()));
    }
  }

  @Test
  void listedTensorsComeFirst() throws Exception {
    List<String> order = List.of("t37", "t03", "t17");
    StreamOptions options =
        window(4 * MIB).toBuilder()
            .order(order)
            .load(LoadOptions.builder().filter("t?7", "t0*").build())
            .build();
    try (Loader loader = file.open();
        TensorStream stream = loader.stream(options)) {
      List<String> names = names(stream);
      assertThat(names).startsWith("t37", "t03", "t17").doesNotHaveDuplicates().hasSize(13);
      assertThatExceptionOfType(NoSuchElementException.class)
          .isThrownBy(() -> loader.stream(options.toBuilder().order(List.of("t14")).build()))
          .withMessageContaining("'t14'");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> loader.stream(options.toBuilder().order(List.of("t03", "t03")).build()))
          .withMessageContaining("'t03' is there twice");
    }
  }

  @Test
  void aLoaderStreamsAgainAndAgain() throws Exception {
    try (Loader loader = file.open()) {
      for (int pass = 0; pass < 3; pass++) {
        try (TensorStream one = loader.stream(window(2 * MIB));
            TensorStream other = loader.stream(window(3 * MIB))) {
          assertThat(names(one)).hasSize(TENSORS);
          assertThat(names(other)).hasSize(TENSORS);
        }
      }
    }
  }

  @Test
  void aTensorLargerThanTheWindowComesInPieces() throws Exception {
    NumberedFile large =
        new NumberedFile(folder.resolve("large.safetensors"), List.of(3L, 700L, 2L), 9000).write();
    StreamOptions options = window(8 * MIB);
    try (Loader loader = large.open()) {
      String message = "";
      try (TensorStream _ = loader.stream(options)) {
        throw new AssertionError("a window of 8 MiB was enough for 24 MiB");
      } catch (IllegalArgumentException e) {
        message = e.getMessage();
      }
      assertThat(message)
          .contains(large.path().toString(), "'t01'", "24.0 MiB", "8388608", "or take pieces");
      String least = message.replaceAll(".* want a window of .* \\((\\d+) bytes\\).*", "$1");
      try (TensorStream stream = loader.stream(window(Long.parseLong(least)))) {
        stream.consume(large::check);
      }
      try (TensorStream stream = loader.stream(options.toBuilder().pieces(true).build())) {
        long[] came = new long[3];
        int[] last = new int[3];
        stream.consume(piece -> {
          int tensor = Integer.parseInt(piece.name().substring(1));
          assertThat(piece.offset()).isEqualTo(came[tensor]);
          large.check(piece);
          came[tensor] += piece.tensor().byteSize();
          last[tensor] += piece.isLast() ? 1 : 0;
          assertThat(piece.isWhole()).isEqualTo(tensor != 1);
        });
        for (int tensor = 0; tensor < came.length; tensor++) {
          assertThat(came[tensor]).isEqualTo(large.bytes(tensor));
        }
        assertThat(last).containsOnly(1);
        assertThat(stream.mostHeld()).isLessThanOrEqualTo(8 * MIB);
      }
    }
  }

  @Test
  void whoHoldsTooMuchIsTold() throws Exception {
    StreamOptions options = window(2 * MIB).toBuilder().heldTimeout(Duration.ofMillis(200)).build();
    List<StreamedTensor> held = new ArrayList<>();
    try (Loader loader = file.open();
        TensorStream stream = loader.stream(options)) {
      assertThatIllegalStateException()
          .isThrownBy(() -> {
            while (true) {
              held.add(stream.next().orElseThrow());
            }
          })
          .withMessageContaining("the window of 2.0 MiB (2097152 bytes) is full")
          .withMessageContaining("close them, or enlarge the window");
      assertThatIllegalStateException().isThrownBy(stream::next);
    }
    for (StreamedTensor tensor : held) {
      file.check(tensor);
      tensor.close();
      assertThatIllegalStateException().isThrownBy(() -> tensor.tensor().host());
    }
  }

  @Test
  void aReportSaysWhatWasConverted() throws Exception {
    LoadOptions load = LoadOptions.builder().dtype("t*", DType.I8).build();
    try (Loader loader = file.open();
        TensorStream stream = loader.stream(window(4 * MIB).toBuilder().load(load).build())) {
      stream.consume(tensor -> assertThat(tensor.tensor().dtype()).isEqualTo(DType.I8));
      assertThat(stream.report().conversions())
          .singleElement()
          .satisfies(made -> assertThat(made.tensors()).isEqualTo(TENSORS));
    }
  }

  /** A retained handle keeps its room, and outlives stream and loader. */
  @Test
  void whatIsRetainedStays() throws Exception {
    Tensor kept;
    try (Loader loader = file.open();
        TensorStream stream = loader.stream(window(4 * MIB))) {
      try (StreamedTensor first = stream.next().orElseThrow()) {
        kept = first.tensor().retain();
      }
      assertThat(names(stream)).hasSize(TENSORS - 1);
    }
    try (kept) {
      file.check(kept, 0);
    }
  }

  @ParameterizedTest
  @EnumSource(AccessPath.class)
  void aStreamEndsEarlyAtAnyPoint(AccessPath path) throws Exception {
    LoadOptions load = LoadOptions.builder().path(path).build();
    try (Loader loader = file.open()) {
      for (int point = 0; point <= TENSORS; point++) {
        List<StreamedTensor> held = new ArrayList<>();
        TensorStream stream =
            loader.stream(window((16 + point) * MIB).toBuilder().load(load).build());
        for (int i = 0; i < point; i++) {
          held.add(stream.next().orElseThrow());
        }
        stream.close();
        stream.close();
        assertThatIllegalStateException().isThrownBy(stream::next);
        for (StreamedTensor tensor : held) {
          file.check(tensor);
          tensor.close();
        }
      }
    }
  }

  @Test
  void anExceptionOfTheTakerEndsTheStream() throws Exception {
    try (Loader loader = file.open();
        TensorStream stream = loader.stream(window(2 * MIB))) {
      assertThatThrownBy(() ->
              stream.consume(tensor -> {
                throw new InterruptedException(tensor.name());
              }))
          .isInstanceOf(InterruptedException.class)
          .hasMessage("t00");
      assertThatIllegalStateException().isThrownBy(stream::next);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"switch", "loader", "interrupt", "timeout", "listener"})
  void whatEndsALoadEndsAStream(String how) throws Exception {
    Cancellation cancellation = new Cancellation();
    LoadOptions.Builder load =
        LoadOptions.builder().path(AccessPath.COPIED).cancellation(cancellation);
    CountDownLatch told = new CountDownLatch(1);
    if (how.equals("timeout")) {
      load.timeout(Duration.ofMillis(300)).progress((_, _) -> pause(told));
    } else if (how.equals("listener")) {
      load.progress((_, _) -> {
        throw new UnsupportedOperationException("listener");
      });
    }
    StreamOptions options = window(2 * MIB).toBuilder().load(load.build()).build();
    try (Loader loader = file.open();
        TensorStream stream = loader.stream(options)) {
      if (how.equals("switch")) {
        stream.next().orElseThrow().close();
        cancellation.cancel();
      } else if (how.equals("loader")) {
        Runnable end = loader::close;
        end.run();
      } else if (how.equals("interrupt")) {
        Thread.currentThread().interrupt();
      }
      Class<? extends Throwable> thrown =
          how.equals("listener")
              ? UnsupportedOperationException.class
              : LoadCancelledException.class;
      assertThatThrownBy(() -> names(stream)).isInstanceOf(thrown);
      assertThat(Thread.interrupted()).isEqualTo(how.equals("interrupt"));
      told.countDown();
    }
  }

  private static void pause(CountDownLatch end) {
    try {
      var _ = end.await(20, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void aStreamIsTakenAsynchronously() throws Exception {
    try (ExecutorService threads = Executors.newSingleThreadExecutor();
        Loader loader = file.open();
        TensorStream stream = loader.stream(window(2 * MIB));
        TensorStream cancelled = loader.stream(window(2 * MIB))) {
      List<String> names = Collections.synchronizedList(new ArrayList<>());
      stream.consumeAsync(tensor -> names.add(tensor.name()), threads).get(60, TimeUnit.SECONDS);
      assertThat(names).containsExactlyElementsOf(loader.keys());
      CountDownLatch first = new CountDownLatch(1);
      CountDownLatch goOn = new CountDownLatch(1);
      CompletableFuture<Void> future =
          cancelled.consumeAsync(
              _ -> {
                first.countDown();
                pause(goOn);
              },
              threads);
      assertThat(first.await(60, TimeUnit.SECONDS)).isTrue();
      assertThat(future.cancel(true)).isTrue();
      assertThatIllegalStateException().isThrownBy(cancelled::next);
      goOn.countDown();
    }
  }

  /** Order, values and window hold whoever takes, holds and closes what. */
  @Test
  void consumersOfAllKinds() throws Exception {
    try (ExecutorService threads = Executors.newCachedThreadPool();
        Loader loader = file.open()) {
      for (int run = 0; run < 200; run++) {
        Random random = new Random(run);
        int takers = 1 + random.nextInt(3);
        long window = (4L * takers + random.nextInt(8)) * MIB;
        int most = random.nextInt(TENSORS + TENSORS / 2);
        LoadOptions load =
            LoadOptions.builder()
                .path(PATHS.get(random.nextInt(PATHS.size())))
                .backend(random.nextBoolean() ? "posix" : "cpu")
                .build();
        try (TensorStream stream = loader.stream(window(window).toBuilder().load(load).build())) {
          List<Future<List<Integer>>> all = new ArrayList<>();
          for (int taker = 0; taker < takers; taker++) {
            Random own = new Random(random.nextLong());
            Callable<List<Integer>> taking = () -> take(stream, own, most / takers);
            all.add(threads.submit(taking));
          }
          List<Integer> came = new ArrayList<>();
          for (Future<List<Integer>> taking : all) {
            assertThat(taking.get(60, TimeUnit.SECONDS)).isSorted();
            came.addAll(taking.get());
          }
          assertThat(came).doesNotHaveDuplicates();
          assertThat(stream.mostHeld()).isLessThanOrEqualTo(window);
        }
      }
    }
  }

  /** Takes some tensors and holds up to two, which are closed in any order. */
  private static List<Integer> take(TensorStream stream, Random random, int most) throws Exception {
    List<Integer> came = new ArrayList<>();
    List<StreamedTensor> held = new ArrayList<>();
    while (came.size() < most) {
      Optional<StreamedTensor> next = stream.next();
      if (next.isEmpty()) {
        break;
      }
      held.add(next.get());
      came.add(Integer.parseInt(next.get().name().substring(1)));
      file.check(next.get());
      while (held.size() > random.nextInt(3)) {
        held.remove(random.nextInt(held.size())).close();
      }
    }
    held.forEach(StreamedTensor::close);
    return came;
  }

  /** What a device is given at a time is no more than the window. */
  @Test
  void theWindowBoundsDeviceMemory() throws Exception {
    try (Loader loader = Loader.open(Device.parse("sim:3"), file.path());
        TensorStream stream = loader.stream(window(3 * MIB))) {
      assertThat(names(stream)).hasSize(TENSORS);
      assertThat(stream.report().device()).isEqualTo(Device.parse("sim:3"));
    }
  }
}
