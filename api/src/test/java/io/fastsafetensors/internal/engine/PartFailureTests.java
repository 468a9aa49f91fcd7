// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.Distribution;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.Part;
import io.fastsafetensors.Selection;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.TransferException;
import io.fastsafetensors.format.DType;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;
import java.util.function.IntFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whatever fails on one rank while parts are read and exchanged is known to all, and freed. */
@Tag("slow")
@Timeout(120)
class PartFailureTests {
  private static final int RANKS = 3;

  /** More than a load of these files takes of anything. */
  private static final int STEPS = 60;

  @TempDir private Path folder;
  private final Map<Integer, List<Path>> files = new LinkedHashMap<>();
  private List<Bench> benches = List.of();

  @BeforeEach
  void writeFiles() throws IOException {
    for (int rank = 0; rank < RANKS; rank++) {
      Samples file =
          new Samples(folder.resolve("of" + rank))
              .with("rows" + rank, DType.F32, 9, 8)
              .with("norm" + rank, DType.U8, 64);
      files.put(rank, List.of(file.write().path));
    }
  }

  @AfterEach
  void nothingIsLeft() {
    benches.forEach(bench -> bench.ledger.assertAllClosedOnce());
  }

  private static LoadOptions options(Distribution distribution) {
    Selection selection = Selection.builder().part("rows*", Part.shard(1)).build();
    return LoadOptions.builder().selection(selection).distribution(distribution).build();
  }

  /** Loads on all ranks, each on a device of its own; returns what each threw. */
  private List<Optional<Throwable>> load(Distribution distribution) throws InterruptedException {
    return load(_ -> options(distribution));
  }

  private List<Optional<Throwable>> load(IntFunction<LoadOptions> options)
      throws InterruptedException {
    return Ranks.run(
        RANKS,
        group -> {
          try (Loader loader = benches.get(group.rank()).loader(group).addFiles(files);
              FileBuffer buffer = loader.load(options.apply(group.rank()))) {
            for (String name : buffer.keys()) {
              try (Tensor tensor = buffer.tensor(name)) {
                assertThat(tensor.byteSize()).isPositive();
              }
            }
            return Optional.empty();
          } catch (IOException e) {
            return Optional.of(e);
          }
        });
  }

  private void newBenches() {
    nothingIsLeft();
    benches = List.of(new Bench(), new Bench(), new Bench());
  }

  /** Fails unless the one rank has its own error, and the others one that names it. */
  private static void checkNamed(
      String what, List<Optional<Throwable>> thrown, int failing, String detail) {
    for (int rank = 0; rank < RANKS; rank++) {
      assertThat(thrown.get(rank)).as("%s, rank %d", what, rank).isPresent();
      Throwable failure = thrown.get(rank).orElseThrow();
      assertThat(failure).as("%s, rank %d", what, rank).hasMessageContaining(detail);
      if (rank != failing) {
        assertThat(failure).as("%s, rank %d", what, rank).isInstanceOf(CollectiveException.class);
        assertThat(((CollectiveException) failure).peer()).as("%s", what).isEqualTo(failing);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aReadErrorOfOneRank(Distribution distribution) throws Exception {
    for (int failing = 0; failing < RANKS; failing++) {
      newBenches();
      benches.get(failing).first.onAwait =
          file -> {
            throw new TransferException("first", file, 4096, 64, "EIO", null);
          };
      String what = distribution + ", failing " + failing;
      checkNamed(what, load(distribution), failing, "EIO (backend first, 64 bytes at 4096)");
    }
  }

  /** Loads while a read of rank 1 hangs; each rank waits for some seconds. */
  private List<Optional<Throwable>> hang(Distribution distribution, int... seconds)
      throws InterruptedException {
    newBenches();
    CountDownLatch answers = new CountDownLatch(1);
    benches.get(1).first.onAwait =
        _ -> {
          try {
            answers.await();
          } catch (InterruptedException e) {
            throw new AssertionError("a read was interrupted", e);
          }
        };
    try {
      return load(rank ->
          options(distribution).toBuilder().timeout(Duration.ofSeconds(seconds[rank])).build());
    } finally {
      answers.countDown();
      for (Bench bench : benches) {
        while (bench.ledger.stillOpen("session", "context") > 0) {
          LockSupport.parkNanos(1_000_000); // JUnit ends it
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aReadThatHangsOnTheRankThatWaitsLeast(Distribution distribution) throws Exception {
    checkNamed(distribution.name(), hang(distribution, 60, 1, 60), 1, "took longer than 1 s");
  }

  @ParameterizedTest
  @EnumSource
  void aReadThatHangsWhileAllWaitAlike(Distribution distribution) throws Exception {
    List<Optional<Throwable>> thrown = hang(distribution, 1, 1, 1);
    assertThat(thrown)
        .allSatisfy(e -> assertThat(e.orElseThrow()).hasMessageContaining("took longer than 1 s"));
    if (distribution == Distribution.OWNER) {
      assertThat(thrown.getFirst().orElseThrow())
          .hasMessageContaining("it waits for chunks that other ranks read");
    }
  }

  @ParameterizedTest
  @EnumSource
  void aFileThatIsCutAfterItsHeaderWasRead(Distribution distribution) throws Exception {
    newBenches();
    AtomicInteger cuts = new AtomicInteger();
    benches.get(1).first.onAwait =
        file -> {
          if (cuts.getAndIncrement() == 0) {
            cut(file);
          }
        };
    List<Optional<Throwable>> thrown = load(distribution);
    assertThat(thrown).as("%s", distribution).allMatch(Optional::isPresent);
    assertThat(thrown)
        .allSatisfy(e ->
            assertThat(e.orElseThrow())
                .hasMessageContaining(folder.resolve("of").toString())
                .hasMessageContaining("short"));
  }

  private static void cut(Path file) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(channel.size() / 2);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @ParameterizedTest
  @EnumSource
  void memoryThatRunsOutAtAnyStep(Distribution distribution) throws Exception {
    failsAtAnyStep(distribution, (bench, step) -> bench.runtime.allocationsUntilFailure.set(step));
  }

  @ParameterizedTest
  @EnumSource
  void aDeviceThatFailsAtAnyStep(Distribution distribution) throws Exception {
    failsAtAnyStep(distribution, (bench, step) -> bench.runtime.operationsUntilFailure.set(step));
  }

  /** Lets one thing after the other fail, until nothing does. */
  private void failsAtAnyStep(Distribution distribution, BiConsumer<Bench, Integer> fuse)
      throws Exception {
    for (int failing = 0; failing < RANKS; failing++) {
      List<Integer> failed = new ArrayList<>();
      int step = 0;
      List<Optional<Throwable>> thrown;
      do {
        newBenches();
        fuse.accept(benches.get(failing), step);
        thrown = load(distribution);
        String what = "%s, failing %d at step %d".formatted(distribution, failing, step);
        if (thrown.get(failing).isPresent()) {
          assertThat(thrown).as(what).allMatch(Optional::isPresent);
          failed.add(step);
        } else {
          assertThat(thrown).as(what).allMatch(Optional::isEmpty);
        }
        step++;
      } while (thrown.get(failing).isPresent() && step < STEPS);
      assertThat(failed).as("%s: steps that fail", distribution).isNotEmpty();
      assertThat(step).as("%s: steps of a load", distribution).isLessThan(STEPS);
    }
  }
}
