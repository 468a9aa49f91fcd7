// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.OpenCheckpoint;
import io.fastsafetensors.Part;
import io.fastsafetensors.Plugins;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.backend.posix.ChildJava;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.testkit.SampleFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Parts that are read on demand: by which way they come, and how much is read for them. */
@Tag("slow")
class OpenCheckpointTests {
  private static final int ROWS = 1024;
  private static final int ROW_BYTES = 64 << 10;

  @TempDir Path folder;
  private Path file;
  private byte[] all;

  @BeforeEach
  void write() throws IOException {
    file = folder.resolve("m.safetensors");
    all = new SampleFile(file, ROWS * ROW_BYTES, 7).expected(new ByteRange(0, ROWS * ROW_BYTES));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocateFrom(ValueLayout.JAVA_BYTE, all);
      new SafetensorsWriter().add("w", DType.U8, Shape.of(ROWS, ROW_BYTES), memory).write(file);
    }
  }

  private static OpenCheckpoint open(Path path, DirectMode direct) throws IOException {
    LoadOptions options = LoadOptions.builder().backend("posix").direct(direct).build();
    return io.fastsafetensors.Checkpoint.find(path).open(options, Plugins.installed());
  }

  private void check(OpenCheckpoint checkpoint, Part part, long firstByte) throws IOException {
    try (Tensor tensor = checkpoint.read("w", part)) {
      MemorySegment wanted = MemorySegment.ofArray(all).asSlice(firstByte, tensor.byteSize());
      assertThat(tensor.host().orElseThrow().mismatch(wanted)).as("%s", part).isEqualTo(-1);
    }
  }

  private static long storageBytes() throws IOException {
    try (Stream<String> lines = Files.lines(Path.of("/proc/self/io"))) {
      return lines
          .filter(line -> line.startsWith("read_bytes: "))
          .mapToLong(line -> Long.parseLong(line.substring("read_bytes: ".length())))
          .findFirst()
          .orElseThrow();
    }
  }

  private void assumeCounted() throws IOException {
    CachedParts.evict(file);
    long before = storageBytes();
    var _ = Files.readAllBytes(file);
    Assumptions.assumeTrue(
        storageBytes() - before >= all.length, "/proc/self/io doesn't count reads of this disk");
    CachedParts.evict(file);
  }

  @ParameterizedTest
  @EnumSource
  void rowsReadLittleMoreThanThemselves(DirectMode direct) throws IOException {
    assumeCounted();
    long[] rows = new Random(1).longs(20, 0, ROWS).sorted().distinct().toArray();
    try (OpenCheckpoint checkpoint = open(file, direct)) {
      check(checkpoint, Part.slice(0, 500, 501), 500L * ROW_BYTES); // opens the file
      long before = storageBytes();
      try (Tensor tensor = checkpoint.read("w", Part.rows(rows))) {
        for (int i = 0; i < rows.length; i++) {
          assertThat(
                  tensor
                      .host()
                      .orElseThrow()
                      .asSlice((long) i * ROW_BYTES, ROW_BYTES)
                      .mismatch(MemorySegment.ofArray(all).asSlice(rows[i] * ROW_BYTES, ROW_BYTES)))
              .isEqualTo(-1);
        }
      }
      long read = storageBytes() - before;
      assertThat(read).isBetween(1L, 11L * rows.length * ROW_BYTES / 10);
    }
  }

  @Test
  void whatIsReadAgainIsCachedFromThenOn() throws IOException {
    CachedParts.evict(file);
    Part part = Part.slice(0, 10, 30);
    try (OpenCheckpoint checkpoint = open(file, DirectMode.AUTO)) {
      check(checkpoint, part, 10L * ROW_BYTES);
      Map<TransferPath, Long> first = checkpoint.report().bytesByPath();
      Assumptions.assumeTrue(
          first.containsKey(TransferPath.DIRECT), "no direct reads here: " + first);
      assertThat(first).containsOnlyKeys(TransferPath.DIRECT);
      check(checkpoint, part, 10L * ROW_BYTES);
      assertThat(checkpoint.report().bytesByPath())
          .containsOnlyKeys(TransferPath.DIRECT, TransferPath.BUFFERED);
      try (Tensor tensor = checkpoint.read("w", part)) {
        assertThat(tensor.isWritable()).as("a copy").isFalse();
      }
      assertThat(checkpoint.report().cacheBytes()).isEqualTo(20L * ROW_BYTES);
    }
  }

  @Test
  void cachedPartsAreTheCacheUnlessTheyAreToBeCopied() throws IOException {
    var _ = Files.readAllBytes(file);
    for (AccessPath path : AccessPath.values()) {
      LoadOptions options = LoadOptions.builder().backend("posix").path(path).build();
      try (OpenCheckpoint checkpoint =
              io.fastsafetensors.Checkpoint.find(file).open(options, Plugins.installed());
          Tensor tensor = checkpoint.read("w", Part.slice(0, 7, 9))) {
        assertThat(tensor.isWritable()).as("%s", path).isEqualTo(path == AccessPath.COPIED);
        assertThat(checkpoint.report().cacheBytes()).isEqualTo(2L * ROW_BYTES);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"ext4", "tmpfs", "xfs", "overlay"})
  void everyWayHasTheSameBytes(String kind) throws IOException {
    try (MountedFolder mounted = MountedFolder.mount(kind, folder)) {
      Checkpoint checkpoint = Checkpoint.write(mounted.folder());
      for (DirectMode direct : DirectMode.values()) {
        for (boolean cold :
            kind.equals("tmpfs") ? new boolean[] {false} : new boolean[] {true, false}) {
          for (int i = 0; i < 16 && cold; i++) {
            CachedParts.evict(mounted.folder().resolve(i + ".safetensors"));
          }
          assertThat(digests(mounted.folder(), direct))
              .as("%s, direct %s, cold: %s", kind, direct, cold)
              .isEqualTo(checkpoint.digests());
        }
      }
      for (int i = 0; i < 16; i++) {
        Files.delete(mounted.folder().resolve(i + ".safetensors"));
      }
    }
  }

  private static Map<String, String> digests(Path folder, DirectMode direct) throws IOException {
    Map<String, String> digests = new TreeMap<>();
    try (OpenCheckpoint checkpoint = open(folder, direct);
        Arena arena = Arena.ofShared()) {
      for (String name : checkpoint.keys()) {
        try (Tensor tensor = checkpoint.read(name)) {
          MemorySegment target = arena.allocate(tensor.byteSize() + 1).asSlice(1);
          checkpoint.read(name, Part.whole(), target);
          assertThat(target.mismatch(tensor.host().orElseThrow())).isEqualTo(-1);
          digests.put(name, Checkpoint.digest(target.asByteBuffer()));
        }
      }
    }
    return digests;
  }

  @Test
  void manyShardsNeedFewDescriptors() throws Exception {
    Path shards = Files.createDirectory(folder.resolve("shards"));
    for (int i = 0; i < ManyShards.SHARDS; i++) {
      ManyShards.write(shards.resolve(i + ".safetensors"), i);
    }
    String printed =
        new ChildJava("ulimit -n 64", "--enable-native-access=" + ChildJava.module())
            .run(folder, ManyShards.class, shards.toString());
    assertThat(printed).contains("read " + 2 * ManyShards.SHARDS);
  }
}
