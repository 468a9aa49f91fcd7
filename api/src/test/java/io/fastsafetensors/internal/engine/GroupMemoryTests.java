// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Part;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.TensorOptions;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.internal.group.ConnectedGroup;
import io.fastsafetensors.spi.Transport;
import io.fastsafetensors.toolkit.group.Transports;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a group holds, gives back and exchanges, counted. */
class GroupMemoryTests {
  private static final long FILE_BYTES = 1100;

  @TempDir private Path folder;
  private final Bench bench = new Bench();
  private Samples file;
  private Map<Integer, List<Path>> files;

  @BeforeEach
  void writeFile() throws IOException {
    file =
        new Samples(folder.resolve("f"))
            .with("a", DType.U8, 1000)
            .with("b", DType.U8, 60)
            .with("c", DType.U8, 40)
            .write();
    files = Map.of(0, List.of(file.path));
  }

  @AfterEach
  void nothingIsLeft() {
    bench.ledger.assertAllClosedOnce();
  }

  @Test
  void aRetainedPartOutlivesGroupAndLoader() throws Exception {
    List<Tensor> kept =
        Ranks.load(
            bench,
            2,
            files,
            LoadOptions.defaults(),
            (group, buffer) -> {
              try (Tensor part = buffer.tensor("a", TensorOptions.of(Part.shard(0)))) {
                return part.retain();
              }
            });
    assertThat(bench.ledger.openBytes()).as("the parts, not the file").isEqualTo(1000);
    for (int rank = 0; rank < 2; rank++) {
      byte[] part = Arrays.copyOfRange(file.bytes.get("a"), 500 * rank, 500 * rank + 500);
      assertThat(kept.get(rank).isWritable()).isTrue();
      assertThat(Samples.bytesOf(kept.get(rank))).isEqualTo(part);
      kept.get(rank).close();
    }
    assertThat(bench.ledger.openBytes()).isZero();
  }

  @Test
  void aFilesMemoryIsReleasedWithItsLastTensor() throws Exception {
    Ranks.load(
        bench,
        2,
        files,
        LoadOptions.defaults(),
        (group, buffer) -> {
          buffer.tensor("a").close();
          buffer.send("b", 1, TensorOptions.defaults()).ifPresent(Tensor::close);
          buffer.tensor("a").close();
          group.barrier();
          assertThat(bench.ledger.openBytes()).isEqualTo(FILE_BYTES);
          group.barrier();
          buffer.tensor("c", TensorOptions.of(Part.shard(0))).close();
          group.barrier();
          assertThat(bench.ledger.openBytes()).isZero();
          for (String name : List.of("a", "b", "c")) {
            assertThatIllegalStateException()
                .isThrownBy(() -> buffer.tensor(name))
                .withMessage(
                    "tensor '%s' was given out, and its file's memory released with the last"
                            .formatted(name)
                        + " tensor: keep the first result, or load with LoadOptions.cache");
            assertThatIllegalStateException()
                .isThrownBy(() -> buffer.send(name, 0, TensorOptions.defaults()));
          }
          return true;
        });
  }

  @Test
  void aFilterCountsOnlyTheTensorsWanted() throws Exception {
    Ranks.load(
        bench,
        2,
        files,
        LoadOptions.builder().filter("b").build(),
        (group, buffer) -> {
          buffer.tensor("b").close();
          group.barrier();
          assertThat(bench.ledger.openBytes()).isZero();
          return true;
        });
  }

  @Test
  void concatenationsReleaseToo() throws Exception {
    Ranks.load(
        bench,
        2,
        files,
        LoadOptions.defaults(),
        (group, buffer) -> {
          try (Tensor joined =
              buffer.concatenate(List.of("c", "a", "b"), 0, TensorOptions.of(Part.shard(0)))) {
            group.barrier();
            assertThat(bench.ledger.openBytes()).isEqualTo(FILE_BYTES);
            assertThat(joined.byteSize()).isEqualTo(FILE_BYTES / 2);
            group.barrier();
          }
          return true;
        });
  }

  @Test
  void theCacheKeepsEverythingAndSparesExchanges() throws Exception {
    Map<String, Integer> calls = new ConcurrentHashMap<>();
    Ranks.run(
        2,
        plain -> {
          ProcessGroup group = counting(plain, calls);
          LoadOptions options = LoadOptions.builder().cache(true).build();
          try (var loader = bench.loader(group).addFiles(files);
              FileBuffer buffer = loader.load(options)) {
            byte[] half;
            try (Tensor shard = buffer.tensor("a", TensorOptions.of(Part.shard(0)));
                Tensor whole = buffer.tensor("a");
                Tensor wide = buffer.tensor("a", TensorOptions.of(DType.I32))) {
              half = Samples.bytesOf(shard);
              assertThat(whole.byteSize()).as("not the shard").isEqualTo(1000);
              assertThat(wide.byteSize()).isEqualTo(4000);
              // What the caller does with its copy is not seen by the next one.
              shard.host().orElseThrow().fill((byte) 1);
            }
            calls.clear();
            plain.barrier();
            try (Tensor again = buffer.tensor("a", TensorOptions.of(Part.shard(0)));
                Tensor other = buffer.tensor("a", TensorOptions.of(Part.shard(0)))) {
              assertThat(Samples.bytesOf(again)).isEqualTo(half);
              assertThat(again.address()).isNotEqualTo(other.address());
            }
            buffer.tensor("a", TensorOptions.of(DType.I32)).close();
            assertThat(calls).isEmpty();
            plain.barrier();
            pushTwice(plain, buffer, calls);
            return true;
          }
        });
  }

  private static void pushTwice(ProcessGroup group, FileBuffer buffer, Map<String, Integer> calls)
      throws IOException {
    for (int i = 0; i < 2; i++) {
      Optional<Tensor> sent = buffer.send("b", 1, TensorOptions.defaults());
      assertThat(sent.isPresent()).isEqualTo(group.rank() == 1);
      sent.ifPresent(Tensor::close);
      group.barrier();
    }
    assertThat(calls).isEqualTo(Map.of("send", 1, "receive", 1));
    group.barrier();
    // All ranks know alike that the whole tensor was given to one of them only.
    buffer.tensor("b").close();
    group.barrier();
    assertThat(calls).containsEntry("broadcast", 2);
  }

  private static ProcessGroup counting(ProcessGroup group, Map<String, Integer> calls) {
    Transport plain = Transports.of(group);
    Transport counting =
        (Transport)
            Proxy.newProxyInstance(
                Transport.class.getClassLoader(),
                new Class<?>[] {Transport.class},
                (_, method, arguments) -> {
                  if (List.of("broadcast", "scatter", "send", "receive")
                      .contains(method.getName())) {
                    calls.merge(method.getName(), 1, Integer::sum);
                  }
                  try {
                    return method.invoke(plain, arguments);
                  } catch (InvocationTargetException e) {
                    throw e.getCause();
                  }
                });
    return new ConnectedGroup(counting, group.device());
  }

  @Test
  void manySmallTensorsTakeFewExchangesInAnyOrder() throws Exception {
    Samples even = new Samples(folder.resolve("even"));
    Samples odd = new Samples(folder.resolve("odd"));
    Map<String, TensorOptions> wanted = new LinkedHashMap<>();
    for (int i = 0; i < 1000; i++) {
      String name = "t" + i;
      (i % 2 == 0 ? even : odd).with(name, DType.U8, 10);
      wanted.put(name, i % 3 == 0 ? TensorOptions.of(Part.shard(0)) : TensorOptions.defaults());
    }
    Map<String, byte[]> expected = new LinkedHashMap<>(even.write().bytes);
    expected.putAll(odd.write().bytes);
    Map<String, Integer> calls = new ConcurrentHashMap<>();
    Ranks.run(
        2,
        plain -> {
          ProcessGroup group = counting(plain, calls);
          try (var loader =
                  bench
                      .loader(group)
                      .addFiles(0, List.of(even.path))
                      .addFiles(1, List.of(odd.path));
              FileBuffer buffer = loader.load()) {
            Map<String, Tensor> all = buffer.all(wanted);
            assertThat(all.keySet()).containsExactlyElementsOf(wanted.keySet());
            for (Tensor tensor : all.values()) {
              byte[] whole = expected.get(tensor.name());
              int from = 5 * group.rank();
              assertThat(Samples.bytesOf(tensor))
                  .isEqualTo(
                      wanted.get(tensor.name()).part().isWhole()
                          ? whole
                          : Arrays.copyOfRange(whole, from, from + 5));
              tensor.close();
            }
            return true;
          }
        });
    assertThat(calls).as("two ranks, two owners").isEqualTo(Map.of("broadcast", 4, "scatter", 4));
  }

  @Test
  void aBigScatterTakesNoMemoryForTheWhole() throws Exception {
    Samples big = new Samples(folder.resolve("big")).with("w", DType.U8, 20_000_000).write();
    Ranks.load(
        bench,
        4,
        Map.of(3, List.of(big.path)),
        LoadOptions.builder().cache(false).build(),
        (group, buffer) -> {
          long allocated = bench.ledger.openBytes();
          group.barrier();
          Tensor part = buffer.tensor("w", TensorOptions.of(Part.shard(0)));
          group.barrier();
          assertThat(allocated).isEqualTo(20_000_000);
          assertThat(bench.ledger.openBytes()).isEqualTo(20_000_000);
          assertThat(bench.ledger.largest("buffer")).isEqualTo(20_000_000);
          assertThat(part.byteSize()).isEqualTo(5_000_000);
          group.barrier();
          part.close();
          return true;
        });
    assertThat(bench.ledger.opened("buffer")).as("the file and four parts").isEqualTo(5);
  }

  @Test
  void tensorsOfOneExchangeShareMemoryThatTheLastFrees() throws Exception {
    Ranks.load(
        bench,
        2,
        files,
        LoadOptions.defaults(),
        (group, buffer) -> {
          Map<String, Tensor> all = buffer.all(List.of("a", "b", "c"), TensorOptions.defaults());
          MemorySegment c = all.get("c").host().orElseThrow();
          all.get("a").close();
          all.get("b").close();
          assertThatIllegalStateException().isThrownBy(() -> all.get("a").address());
          assertThat(c.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo(Samples.bytesOf(all.get("c"))[0]);
          all.get("c").close();
          group.barrier();
          assertThat(bench.ledger.openBytes()).isZero();
          return true;
        });
  }
}
