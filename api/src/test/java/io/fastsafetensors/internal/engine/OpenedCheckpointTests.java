// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

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
import io.fastsafetensors.TransferException;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.internal.plan.CheckpointFiles;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Parts of tensors, read on demand by the channels of a backend. */
@Timeout(120)
class OpenedCheckpointTests {
  private static final Shape SHAPE = Shape.of(40, 6, 50);

  @TempDir private Path folder;

  private static OpenCheckpoint open(Path path, LoadOptions options) throws LoadException {
    return OpenedCheckpoint.open(
        CheckpointFiles.find(path, Optional.empty()), options, new Bench().registry());
  }

  private static OpenCheckpoint open(Path path) throws LoadException {
    return open(path, LoadOptions.defaults());
  }

  private static LoadOptions path(AccessPath path) {
    return LoadOptions.builder().path(path).build();
  }

  /** Writes a file of one tensor. */
  private Path write(String file, String name, DType dtype, Shape shape, byte[] bytes)
      throws IOException {
    Path path = folder.resolve(file);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
      new SafetensorsWriter().add(name, dtype, shape, memory).write(path);
    }
    return path;
  }

  private static byte[] random(DType dtype, Shape shape, long seed) {
    byte[] bytes = new byte[Math.toIntExact(dtype.byteSize(shape.elements()))];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private static List<Part> parts(Shape shape, int count, long seed) {
    Random random = new Random(seed);
    List<Part> parts =
        new ArrayList<>(List.of(Part.whole(), Part.rows(new long[0]), Part.slice(0, 3, 3)));
    for (int i = 0; i < count; i++) {
      int dim = random.nextInt(shape.dimensions());
      long from = random.nextLong(shape.dim(dim) + 1);
      Part slice = Part.slice(dim, from, random.nextLong(from, shape.dim(dim) + 1));
      int other = (dim + 1) % shape.dimensions();
      long first = random.nextLong(shape.dim(other));
      parts.add(slice);
      parts.add(slice.and(other, first, random.nextLong(first, shape.dim(other)) + 1));
      parts.add(Part.shard(dim, random.nextInt(3), 3));
      long rows = shape.dim(0);
      parts.add(Part.rows(random.longs(rows / 4, 0, rows).sorted().distinct().toArray()));
    }
    return parts;
  }

  private static void check(OpenCheckpoint checkpoint, String name, byte[] all, Part part)
      throws LoadException {
    DType dtype = checkpoint.info(name).dtype();
    byte[] wanted = ElementOracle.cut(all, dtype, checkpoint.info(name).shape(), part);
    assertThat(checkpoint.byteSize(name, part)).as("%s", part).isEqualTo(wanted.length);
    try (Tensor tensor = checkpoint.read(name, part);
        Arena arena = Arena.ofShared()) {
      assertThat(bytes(tensor.host().orElseThrow())).as("%s", part).isEqualTo(wanted);
      MemorySegment target = arena.allocate(wanted.length);
      checkpoint.read(name, part, target);
      assertThat(bytes(target)).as("%s", part).isEqualTo(wanted);
    }
  }

  private static byte[] bytes(MemorySegment memory) {
    return memory.toArray(ValueLayout.JAVA_BYTE);
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

  /** What is done to a file while a checkpoint has it open. */
  enum Change {
    OVERWRITE {
      @Override
      void of(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
          channel.write(java.nio.ByteBuffer.wrap(new byte[] {1, 2, 3}), channel.size() - 3);
        }
      }
    },
    CUT {
      @Override
      void of(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
          channel.truncate(channel.size() / 2);
        }
      }
    },
    GROW {
      @Override
      void of(Path file) throws IOException {
        Files.write(file, new byte[10], StandardOpenOption.APPEND);
      }
    },
    REPLACE {
      @Override
      void of(Path file) throws IOException {
        Path other = file.resolveSibling("other");
        Files.copy(file, other);
        Files.setLastModifiedTime(other, Files.getLastModifiedTime(file));
        Files.move(other, file, StandardCopyOption.REPLACE_EXISTING);
      }
    };

    abstract void of(Path file) throws IOException;
  }

  @ParameterizedTest
  @EnumSource
  void fileThatChangedIsNamed(Change change) throws IOException {
    byte[] all = random(DType.U8, SHAPE, 1);
    for (boolean readBefore : List.of(true, false)) {
      for (AccessPath path : AccessPath.values()) {
        Path file = write("m.safetensors", "t", DType.U8, SHAPE, all);
        Files.setLastModifiedTime(file, FileTime.fromMillis(1_000_000_000));
        try (OpenCheckpoint checkpoint = open(file, path(path))) {
          if (readBefore) {
            check(checkpoint, "t", all, Part.slice(0, 1, 30));
          }
          change.of(file);
          for (Part part : List.of(Part.slice(0, 1, 30), Part.slice(1, 1, 3), Part.whole())) {
            assertThatExceptionOfType(TransferException.class)
                .as("%s, %s, read before: %s", part, path, readBefore)
                .isThrownBy(() -> checkpoint.read("t", part).close())
                .withMessageStartingWith(file.toString())
                .withMessageContaining("open the checkpoint again");
          }
        }
        Files.delete(file);
      }
    }
  }

  @Test
  void tensorsOutliveTheCheckpoint() throws IOException {
    byte[] all = random(DType.U8, SHAPE, 1);
    Path file = write("m.safetensors", "t", DType.U8, SHAPE, all);
    for (AccessPath path : AccessPath.values()) {
      OpenCheckpoint checkpoint = open(file, path(path));
      Tensor tensor = checkpoint.read("t", Part.slice(0, 2, 20));
      checkpoint.close();
      checkpoint.close();
      MemorySegment host = tensor.host().orElseThrow();
      assertThat(bytes(host))
          .isEqualTo(ElementOracle.cut(all, DType.U8, SHAPE, Part.slice(0, 2, 20)));
      tensor.close();
      assertThatIllegalStateException().isThrownBy(tensor::host);
      if (path == AccessPath.MAPPED) {
        assertThatIllegalStateException().isThrownBy(() -> host.get(ValueLayout.JAVA_BYTE, 0));
      }
      assertThatIllegalStateException()
          .isThrownBy(() -> checkpoint.read("t"))
          .withMessageContaining("closed");
      assertThat(checkpoint.report().openFiles()).isZero();
    }
  }

  @Test
  void closedWhileOthersReadLeavesNothing() throws Exception {
    byte[] all = random(DType.U8, SHAPE, 1);
    Path file = write("m.safetensors", "t", DType.U8, SHAPE, all);
    for (int round = 0; round < 20; round++) {
      OpenCheckpoint checkpoint = open(file, path(List.of(AccessPath.values()).get(round % 3)));
      CountDownLatch reading = new CountDownLatch(4);
      try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
        Callable<Boolean> reader =
            () -> {
              try {
                while (true) {
                  check(checkpoint, "t", all, Part.slice(0, 5, 9));
                  reading.countDown();
                }
              } catch (IllegalStateException e) {
                assertThat(e).hasMessageContaining("closed");
                return true;
              }
            };
        List<Future<Boolean>> readers = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
          readers.add(threads.submit(reader));
        }
        reading.await();
        checkpoint.close();
        for (Future<Boolean> one : readers) {
          assertThat(one.get()).isTrue();
        }
      }
      assertThat(checkpoint.report().openFiles()).isZero();
      assertThat(openOrMapped(file)).isEmpty();
    }
  }

  private static List<String> openOrMapped(Path file) throws IOException {
    Path maps = Path.of("/proc/self/maps");
    Assumptions.assumeTrue(Files.isReadable(maps), "leaks are counted from /proc/self");
    List<String> left =
        new ArrayList<>(
            Files.readAllLines(maps).stream().filter(l -> l.endsWith(file.toString())).toList());
    try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
      descriptors.filter(d -> pointsTo(d, file)).forEach(d -> left.add(d.toString()));
    }
    return left;
  }

  private static boolean pointsTo(Path descriptor, Path file) {
    try {
      return Files.readSymbolicLink(descriptor).equals(file);
    } catch (IOException e) {
      return false; // closed since it was listed
    }
  }

  /** An interrupt closes the channel that all threads read by. */
  @Test
  void interruptOfOneThreadDoesntDisturbOthers() throws Exception {
    byte[] all = random(DType.U8, SHAPE, 1);
    Path file = write("m.safetensors", "t", DType.U8, SHAPE, all);
    try (OpenCheckpoint checkpoint = open(file, path(AccessPath.COPIED))) {
      check(checkpoint, "t", all, Part.whole());
      FutureTask<Boolean> interrupted =
          new FutureTask<>(() -> {
            Thread.currentThread().interrupt();
            assertThatExceptionOfType(LoadCancelledException.class)
                .isThrownBy(() -> checkpoint.read("t").close());
            return Thread.interrupted();
          });
      Thread.ofPlatform().start(interrupted).join();
      assertThat(interrupted.get()).isTrue();
      check(checkpoint, "t", all, Part.slice(0, 1, 3));
    }
    assertThat(openOrMapped(file)).isEmpty();
  }

  @Test
  void fileThatHangsEndsInTimeAndNeverWritesToTheTarget() throws Exception {
    byte[] all = random(DType.U8, SHAPE, 1);
    Path file = write("m.safetensors", "t", DType.U8, SHAPE, all);
    HangingFiles hanging = new HangingFiles(HangingFiles.Call.ATTRIBUTES, ".safetensors");
    hanging.arm(false);
    LoadOptions soon = LoadOptions.builder().timeout(Duration.ofMillis(300)).build();
    try (OpenCheckpoint checkpoint = open(hanging.wrap(file), soon);
        Arena arena = Arena.ofShared()) {
      MemorySegment target = arena.allocate(all.length);
      checkpoint.read("t", Part.whole(), target);
      assertThat(bytes(target)).isEqualTo(all);
      target.fill((byte) 0);
      hanging.arm(true);
      assertThatExceptionOfType(LoadCancelledException.class)
          .isThrownBy(() -> checkpoint.read("t", Part.whole(), target))
          .withMessageContaining("m.safetensors")
          .matches(LoadCancelledException::timedOut);
      hanging.answer();
      assertThat(bytes(target)).containsOnly(0);
      hanging.arm(false);
      checkpoint.read("t", Part.whole(), target);
      assertThat(bytes(target)).isEqualTo(all);
    } finally {
      hanging.answer();
    }
  }

  @Test
  void manyShardsByFewOpenFiles() throws Exception {
    byte[] all = random(DType.U8, Shape.of(16), 1);
    Path shards = Files.createDirectory(folder.resolve("shards"));
    for (int i = 0; i < 100; i++) {
      write("shards/" + i + ".safetensors", "t" + i, DType.U8, Shape.of(16), all);
    }
    try (OpenCheckpoint checkpoint = open(shards)) {
      assertThat(checkpoint.keys()).hasSize(100);
      for (int i = 0; i < 100; i++) {
        check(checkpoint, "t" + i, all, Part.whole());
      }
      assertThat(checkpoint.report().openFiles()).isEqualTo(100);
    }
  }
}
