// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Processes with little memory and few descriptors: a checkpoint of many files loads, or is refused
 * with the numbers. The process is never killed.
 */
@Tag("slow")
class ProcessLimitsTests {
  private static final long MIB = 1 << 20;

  @TempDir private Path folder;

  /** Writes files of zeros that take no room on the disk, and are not in the page cache. */
  private Path checkpoint(int files, long bytesEach) throws IOException {
    Path checkpoint = Files.createDirectory(folder.resolve("checkpoint"));
    for (int i = 0; i < files; i++) {
      String json =
          "{\"t%d\":{\"dtype\":\"F32\",\"shape\":[%d],\"data_offsets\":[0,%d]}}"
              .formatted(i, bytesEach / 4, bytesEach);
      byte[] header = json.getBytes(StandardCharsets.UTF_8);
      Path path = checkpoint.resolve("part-" + i + ".safetensors");
      try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
        file.write(
            ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(header.length).array());
        file.write(header);
        file.setLength(8 + header.length + bytesEach);
      }
    }
    return checkpoint;
  }

  private Jvm load(String before, Path checkpoint, String... options)
      throws IOException, InterruptedException {
    return fst("load", before, checkpoint, options);
  }

  private Jvm fst(String command, String before, Path checkpoint, String... options)
      throws IOException, InterruptedException {
    List<String> arguments =
        Stream.concat(Stream.of(command, checkpoint.toString()), Stream.of(options)).toList();
    return Distribution.fstAfter(folder, before, arguments.toArray(String[]::new));
  }

  @Test
  void filesThatFitOneByOneButNotTogether() throws Exception {
    Path checkpoint = checkpoint(8, 48 * MIB);
    try (MemoryGroup group = MemoryGroup.make(360 * MIB)) {
      for (String enter : List.of(group.enter(), group.enterInner())) {
        assertLoaded(load(enter, checkpoint, "--touch"));
        assertLoaded(load(enter, checkpoint, "--backend", "cpu", "--touch"));
        assertRefused(load(enter, checkpoint, "--path", "copied"), 8 * 48 * MIB);
        assertRefused(
            load(enter, checkpoint, "--backend", "cpu", "--path", "copied"), 8 * 48 * MIB);
        assertLoaded(load(enter, checkpoint, "--dtype", "BF16"));
      }
    }
  }

  @Test
  void filesThatFitTogether() throws Exception {
    Path checkpoint = checkpoint(8, 24 * MIB);
    // Twice what is loaded, and what a JVM took at most: it varies by 90 MiB on a busy machine.
    try (MemoryGroup group = MemoryGroup.make(560 * MIB)) {
      for (String backend : List.of("posix", "cpu")) {
        for (List<String> options :
            List.of(
                List.of("--path", "copied"),
                List.of("--dtype", "BF16"),
                List.of("--dtype", "BF16", "--path", "copied"))) {
          List<String> all = new ArrayList<>(List.of("--backend", backend));
          all.addAll(options);
          Jvm jvm = load(group.enterInner(), checkpoint, all.toArray(String[]::new));
          assertThat(jvm.exit()).as(all + ": " + jvm.output() + group.state()).isZero();
        }
      }
    }
  }

  @Test
  void addressesThatDoNotSuffice() throws Exception {
    Path checkpoint = checkpoint(4, 1024 * MIB);
    for (String backend : List.of("posix", "cpu")) {
      Jvm jvm =
          load(
              "ulimit -d " + 3 * MIB, // in KiB
              checkpoint,
              "--backend",
              backend,
              "--path",
              "copied");
      assertRefused(jvm, 4096 * MIB);
      assertThat(jvm.output()).contains("ulimit -d");
    }
  }

  /** The group's memory is less than any of the tensors. */
  @ParameterizedTest
  @CsvSource({"posix, auto", "cpu, copied"})
  void digestsThroughAWindow(String backend, String path) throws Exception {
    Path checkpoint = checkpoint(2, 400 * MIB);
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      String digest = mark(checkpoint.resolve("part-" + i + ".safetensors"), 400 * MIB);
      expected.add(digest + "  F32  [" + 100 * MIB + "]  t" + i);
    }
    try (MemoryGroup group = MemoryGroup.make(360 * MIB)) {
      String[] options = {"--window", "32MiB", "--backend", backend, "--path", path};
      Jvm jvm = fst("digest", group.enterInner(), checkpoint, options);
      assertThat(jvm.output().lines().toList()).as(group.state()).isEqualTo(expected);
    }
  }

  /** Writes numbers here and there, so that the order of pieces matters; returns the digest. */
  private static String mark(Path file, long bytes) throws Exception {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
      long start = out.length() - bytes;
      ByteBuffer block = ByteBuffer.allocate((int) MIB);
      for (long at = 0; at < bytes; at += MIB) {
        block.putLong(0, at + file.hashCode());
        out.seek(start + at);
        out.write(block.array(), 0, Long.BYTES);
        digest.update(block.array());
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  @ParameterizedTest
  @ValueSource(ints = {40, 64, 128})
  void fewDescriptors(int most) throws Exception {
    Path checkpoint = checkpoint(100, 100_000);
    for (String path : List.of("auto", "mapped", "copied")) {
      assertLoaded(load("ulimit -n " + most, checkpoint, "--path", path));
    }
  }

  @Test
  void doctorSaysWhereLimitsComeFrom() throws Exception {
    try (MemoryGroup group = MemoryGroup.make(360 * MIB)) {
      Jvm jvm = Distribution.fstAfter(folder, group.enterInner() + "; ulimit -n 99", "doctor");
      assertThat(jvm.output().lines())
          .anyMatch(line -> line.matches("limit .*360.0 MiB, .* MiB free: memory.*fst-test.*"))
          .anyMatch(line -> line.matches("limit .*free: the machine's memory .*"))
          .anyMatch(line -> line.matches("limit .*no ulimit on memory.*"))
          .anyMatch(line -> line.matches("limit +99 descriptors, .*ulimit -n"));
    }
  }

  private static void assertLoaded(Jvm jvm) {
    assertThat(jvm.exit()).as(jvm.output()).isZero();
  }

  private static void assertRefused(Jvm jvm, long bytes) {
    assertThat(jvm.exit()).as(jvm.output()).isEqualTo(1);
    assertThat(jvm.output()).contains("(" + bytes + " bytes), free ", "kept back for the JVM");
  }
}
