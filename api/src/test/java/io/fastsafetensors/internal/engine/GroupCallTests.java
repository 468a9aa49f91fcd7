// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Part;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.TensorOptions;
import io.fastsafetensors.format.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Ranks that ask a buffer for different things hear of it, and none gets the wrong tensor. */
class GroupCallTests {
  @TempDir private Path folder;
  private final Bench bench = new Bench();
  private Samples file;

  @BeforeEach
  void writeFile() throws IOException {
    file = new Samples(folder.resolve("f"));
    for (int i = 0; i < 40; i++) {
      file.with("t" + i, DType.U8, 6);
    }
    file.write();
  }

  @AfterEach
  void nothingIsLeft() {
    bench.ledger.assertAllClosedOnce();
  }

  /** What one rank asks for. */
  interface Call {
    Object on(FileBuffer buffer, int rank) throws IOException;
  }

  /** Both ranks make a call that fails, then one that works. */
  private List<Throwable> failures(Call call) throws InterruptedException {
    return Ranks.load(
        bench,
        2,
        Map.of(0, List.of(file.path)),
        LoadOptions.defaults(),
        (group, buffer) -> {
          Throwable failure = catchThrowable(() -> call.on(buffer, group.rank()));
          try (Tensor tensor = buffer.tensor("t7")) {
            assertThat(Samples.bytesOf(tensor)).isEqualTo(file.bytes.get("t7"));
          }
          return failure;
        });
  }

  private void disagree(String difference, Call call) throws InterruptedException {
    assertThat(failures(call))
        .allSatisfy(e ->
            assertThat(e)
                .isInstanceOf(CollectiveException.class)
                .hasMessageEndingWith("the ranks disagree: " + difference));
  }

  @Test
  void anotherTensorOfTheSameSize() throws Exception {
    disagree(
        "rank 0 has ''t0' U8 [6], whole, as U8', rank 1 has ''t1' U8 [6], whole, as U8'",
        (buffer, rank) -> buffer.tensor("t" + rank));
  }

  @Test
  void anotherDimensionOrType() throws Exception {
    disagree(
        "rank 0 has ''t0' U8 [6], shard of dimension 0, as U8', rank 1 has ''t0' U8 [6], whole, as U8'",
        (buffer, rank) ->
            rank == 0 ? buffer.tensor("t0", TensorOptions.of(Part.shard(0))) : buffer.tensor("t0"));
    disagree(
        "rank 0 has ''t0' U8 [6], whole, as U8', rank 1 has ''t0' U8 [6], whole, as F16'",
        (buffer, rank) -> buffer.tensor("t0", TensorOptions.of(rank == 0 ? DType.U8 : DType.F16)));
  }

  @Test
  void anotherReceiver() throws Exception {
    disagree(
        "rank 0 has 'call: send to rank 0', rank 1 has 'call: send to rank 1'",
        (buffer, rank) -> buffer.send("t0", rank, TensorOptions.defaults()));
  }

  @Test
  void anotherOrderOfConcatenation() throws Exception {
    disagree(
        "rank 0 has ''t0' U8 [6], shard of dimension 0, as U8', rank 1 has ''t1' U8 [6], shard of dimension 0, as U8'",
        (buffer, rank) ->
            buffer.concatenate(
                rank == 0 ? List.of("t0", "t1") : List.of("t1", "t0"),
                0,
                TensorOptions.of(Part.shard(0))));
  }

  /** Calls that rank 1 refuses, each with the exception that it throws there. */
  private static Stream<Arguments> refusals() {
    TensorOptions cut = TensorOptions.of(Part.shard(0));
    TensorOptions noSuchDimension = TensorOptions.of(Part.shard(5));
    return Stream.of(
        refusal(NoSuchElementException.class, (buffer, rank) -> buffer.tensor(name(rank))),
        refusal(
            NoSuchElementException.class,
            (buffer, rank) -> buffer.all(Map.of(name(rank), TensorOptions.defaults()))),
        refusal(
            NoSuchElementException.class,
            (buffer, rank) -> buffer.concatenate(List.of("t1", name(rank)), 0, cut)),
        refusal(
            NoSuchElementException.class,
            (buffer, rank) -> buffer.send(name(rank), 0, TensorOptions.defaults())),
        refusal(
            IllegalArgumentException.class,
            (buffer, rank) -> buffer.send("t0", 2 * rank, TensorOptions.defaults())),
        refusal(
            IllegalArgumentException.class,
            (buffer, rank) -> buffer.concatenate(List.of("t0", "t1"), 5 * rank, cut)),
        refusal(
            IllegalArgumentException.class,
            (buffer, rank) -> buffer.tensor("t0", rank == 0 ? cut : noSuchDimension)),
        refusal(
            NullPointerException.class,
            (buffer, rank) -> buffer.tensor("t0", rank == 0 ? cut : null)));
  }

  private static Arguments refusal(Class<? extends Exception> type, Call call) {
    return Arguments.of(type, call);
  }

  private static String name(int rank) {
    return rank == 0 ? "t0" : "tt";
  }

  @ParameterizedTest
  @MethodSource("refusals")
  void aRefusalOfOneRankIsHeardByTheOther(Class<? extends Exception> type, Call call)
      throws Exception {
    List<Throwable> failures = failures(call);
    assertThat(failures.get(1)).isExactlyInstanceOf(type);
    assertThat(failures.get(0))
        .isInstanceOf(CollectiveException.class)
        .hasMessage(
            "agreement on rank 0, peer rank 1: failed there: %s: %s"
                .formatted(type.getSimpleName(), failures.get(1).getMessage()));
  }

  @Test
  void mapsMayIterateInAnyOrder() throws Exception {
    Ranks.load(
        bench,
        2,
        Map.of(1, List.of(file.path)),
        LoadOptions.defaults(),
        (group, buffer) -> {
          List<String> names = List.copyOf(buffer.keys());
          Map<String, TensorOptions> wanted = new LinkedHashMap<>();
          (group.rank() == 0 ? names : names.reversed())
              .forEach(name -> wanted.put(name, TensorOptions.defaults()));
          Map<String, Tensor> all = buffer.all(wanted);
          assertThat(all.keySet()).containsExactlyElementsOf(wanted.keySet());
          for (Tensor tensor : all.values()) {
            assertThat(Samples.bytesOf(tensor)).isEqualTo(file.bytes.get(tensor.name()));
            tensor.close();
          }
          return true;
        });
  }

  @Test
  void longCallsAreComparedToTheLastTensor() throws Exception {
    Samples many = new Samples(folder.resolve("many"));
    for (int i = 0; i < 5000; i++) {
      many.with("a.rather.long.name.%05d".formatted(i), DType.U8, 1);
    }
    many.write();
    List<Throwable> failures =
        Ranks.load(
            bench,
            2,
            Map.of(0, List.of(many.path)),
            LoadOptions.defaults(),
            (group, buffer) -> {
              Map<String, TensorOptions> wanted = new LinkedHashMap<>();
              buffer.keys().forEach(name -> wanted.put(name, TensorOptions.defaults()));
              if (group.rank() == 1) {
                wanted.put("a.rather.long.name.04999", TensorOptions.of(Part.shard(0)));
              }
              return catchThrowable(() -> buffer.all(wanted));
            });
    assertThat(failures)
        .allSatisfy(e ->
            assertThat(e)
                .isInstanceOf(CollectiveException.class)
                .hasMessageContaining("characters with digest"));
  }
}
