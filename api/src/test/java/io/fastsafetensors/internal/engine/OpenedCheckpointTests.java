// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import static io.fastsafetensors.internal.engine.OpenedSamples.SHAPE;
import static io.fastsafetensors.internal.engine.OpenedSamples.bytes;
import static io.fastsafetensors.internal.engine.OpenedSamples.check;
import static io.fastsafetensors.internal.engine.OpenedSamples.open;
import static io.fastsafetensors.internal.engine.OpenedSamples.parts;
import static io.fastsafetensors.internal.engine.OpenedSamples.path;
import static io.fastsafetensors.internal.engine.OpenedSamples.random;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.OpenCheckpoint;
import io.fastsafetensors.Part;
import io.fastsafetensors.Selection;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Parts of tensors, read on demand by the channels of a backend. */
@Tag("slow")
@Timeout(120)
class OpenedCheckpointTests {
  @TempDir private Path folder;

  private Path write(String file, String name, DType dtype, Shape shape, byte[] bytes)
      throws IOException {
    return OpenedSamples.write(folder.resolve(file), name, dtype, shape, bytes);
  }

  @ParameterizedTest
  @EnumSource
  void everyPartOfEveryTypeIsThatOfTheFile(AccessPath path) throws IOException {
    for (DType dtype : DType.values()) {
      byte[] all = random(dtype, SHAPE, dtype.bits());
      Path file = write(dtype + ".safetensors", "t", dtype, SHAPE, all);
      try (OpenCheckpoint checkpoint = open(file, path(path))) {
        for (Part part : parts(SHAPE, 12, dtype.bits())) {
          try {
            check(checkpoint, "t", all, part);
          } catch (IllegalArgumentException e) {
            assertThat(e).hasMessageContaining("whole bytes");
            assertThat(dtype.bits() % Byte.SIZE).as("%s %s", dtype, part).isNotZero();
          }
        }
        assertThat(checkpoint.report().reads()).isPositive();
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void largePartsComeByManyThreads(AccessPath path) throws IOException {
    Shape shape = Shape.of(1_200, 700, 7);
    byte[] all = random(DType.U8, shape, 1);
    Path file = write("large.safetensors", "t", DType.U8, shape, all);
    try (OpenCheckpoint checkpoint = open(file, path(path))) {
      for (Part part : parts(shape, 3, 2)) {
        check(checkpoint, "t", all, part);
      }
    }
  }

  @Test
  void tensorsOfOneDimensionAndNone() throws IOException {
    byte[] one = random(DType.F32, Shape.of(1000), 1);
    byte[] scalar = random(DType.F64, Shape.of(), 2);
    try (OpenCheckpoint checkpoint = open(write("1.st", "v", DType.F32, Shape.of(1000), one))) {
      check(checkpoint, "v", one, Part.whole());
      check(checkpoint, "v", one, Part.slice(0, 10, 990));
      check(checkpoint, "v", one, Part.rows(0, 5, 6, 7, 999));
    }
    try (OpenCheckpoint checkpoint = open(write("0.st", "s", DType.F64, Shape.of(), scalar))) {
      check(checkpoint, "s", scalar, Part.whole());
      assertThatIllegalArgumentException()
          .isThrownBy(() -> checkpoint.read("s", Part.slice(0, 0, 1)));
    }
  }

  @Test
  void manyThreadsReadAtATime() throws Exception {
    Shape shape = Shape.of(2_000, 64);
    byte[] all = random(DType.F32, shape, 3);
    Path file = write("m.safetensors", "t", DType.F32, shape, all);
    for (AccessPath path : AccessPath.values()) {
      try (OpenCheckpoint checkpoint = open(file, path(path));
          Arena arena = Arena.ofShared();
          ExecutorService threads = Executors.newFixedThreadPool(8)) {
        List<Callable<Boolean>> jobs = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
          Random random = new Random(i);
          MemorySegment target = arena.allocate(256);
          jobs.add(() -> {
            for (int k = 0; k < 2_000; k++) {
              checkRow(checkpoint, all, random.nextLong(2_000), target);
            }
            return true;
          });
        }
        for (Future<Boolean> job : threads.invokeAll(jobs)) {
          assertThat(job.get()).isTrue();
        }
        assertThat(checkpoint.report().reads()).isEqualTo(2 * 16_000);
      }
    }
  }

  private static void checkRow(
      OpenCheckpoint checkpoint, byte[] all, long row, MemorySegment target) throws LoadException {
    MemorySegment wanted = MemorySegment.ofArray(all).asSlice(row * 256, 256);
    Part part = Part.slice(0, row, row + 1);
    try (Tensor tensor = checkpoint.read("t", part)) {
      assertThat(tensor.host().orElseThrow().mismatch(wanted)).isEqualTo(-1);
    }
    checkpoint.read("t", part, target);
    assertThat(target.mismatch(wanted)).isEqualTo(-1);
  }

  @Test
  void shardWithoutARankSaysWhatToAskFor() throws IOException {
    byte[] all = random(DType.U8, SHAPE, 1);
    try (OpenCheckpoint checkpoint = open(write("m.st", "t", DType.U8, SHAPE, all))) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> checkpoint.read("t", Part.shard(1)))
          .withMessageContaining("Part.shard(1, rank, ranks)");
      assertThatIllegalArgumentException().isThrownBy(() -> checkpoint.read("t", Part.none()));
      assertThatExceptionOfType(NoSuchElementException.class)
          .isThrownBy(() -> checkpoint.read("u"))
          .withMessageContaining("the nearest of 1: 't'");
    }
  }

  @Test
  void targetsThatDontServeAreRefused() throws Exception {
    byte[] all = random(DType.U8, SHAPE, 1);
    try (OpenCheckpoint checkpoint = open(write("m.st", "t", DType.U8, SHAPE, all));
        Arena arena = Arena.ofShared()) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> checkpoint.read("t", Part.whole(), arena.allocate(all.length - 1)))
          .withMessageContaining("the part has 12000 bytes, the target 11999");
      assertThatIllegalArgumentException()
          .isThrownBy(
              () -> checkpoint.read("t", Part.whole(), arena.allocate(all.length).asReadOnly()))
          .withMessageContaining("read-only");
      MemorySegment gone;
      try (Arena ended = Arena.ofShared()) {
        gone = ended.allocate(all.length);
      }
      assertThatIllegalStateException()
          .isThrownBy(() -> checkpoint.read("t", Part.whole(), gone))
          .withMessageContaining("arena is closed");
      try (Arena confined = Arena.ofConfined()) {
        MemorySegment own = confined.allocate(all.length);
        checkpoint.read("t", Part.whole(), own);
        assertThat(bytes(own)).isEqualTo(all);
        FutureTask<Boolean> other =
            new FutureTask<>(() -> {
              checkpoint.read("t", Part.whole(), own);
              return true;
            });
        Thread.ofPlatform().start(other).join();
        assertThatExceptionOfType(ExecutionException.class)
            .isThrownBy(other::get)
            .withCauseInstanceOf(WrongThreadException.class);
      }
      float[] heap = new float[all.length / 4];
      checkpoint.read("t", Part.whole(), MemorySegment.ofArray(heap));
      assertThat(bytes(MemorySegment.ofArray(heap))).isEqualTo(all);
    }
  }

  @Test
  void optionsThatMeanNothingHereAreRefused() throws IOException {
    Path file = write("m.st", "t", DType.F32, SHAPE, random(DType.F32, SHAPE, 1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> open(file, LoadOptions.builder().dtype(DType.F16).build()))
        .withMessageContaining("Tensor.to");
    LoadOptions selection = LoadOptions.builder().selection(Selection.of(Part.shard(0))).build();
    assertThatIllegalArgumentException().isThrownBy(() -> open(file, selection));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> open(file, LoadOptions.builder().filter("nothing*").build()));
  }
}
