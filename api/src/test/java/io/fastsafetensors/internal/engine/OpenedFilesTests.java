// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import static io.fastsafetensors.internal.engine.OpenedSamples.SHAPE;
import static io.fastsafetensors.internal.engine.OpenedSamples.bytes;
import static io.fastsafetensors.internal.engine.OpenedSamples.check;
import static io.fastsafetensors.internal.engine.OpenedSamples.open;
import static io.fastsafetensors.internal.engine.OpenedSamples.path;
import static io.fastsafetensors.internal.engine.OpenedSamples.random;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.OpenCheckpoint;
import io.fastsafetensors.Part;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.TransferException;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.oracle.PartOracle;
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
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
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

/** Files of an open checkpoint that change, hang, are many, or are closed while others read. */
@Timeout(120)
class OpenedFilesTests {
  @TempDir private Path folder;

  private Path write(String file, String name, DType dtype, Shape shape, byte[] bytes)
      throws IOException {
    return OpenedSamples.write(folder.resolve(file), name, dtype, shape, bytes);
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
      assertThat(bytes(host)).isEqualTo(PartOracle.cut(all, DType.U8, SHAPE, Part.slice(0, 2, 20)));
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
