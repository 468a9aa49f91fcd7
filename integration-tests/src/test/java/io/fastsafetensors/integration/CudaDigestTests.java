// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command loads to GPUs, here of the simulated driver, what it loads to the CPU. */
@Tag("slow")
class CudaDigestTests {
  private static final int SIDE = 512;
  private static final int RANKS = 2;

  @TempDir Path folder;

  private final byte[] bytes = new byte[SIDE * SIDE * Float.BYTES];

  @Test
  void digestsOnAGpuAreThoseOnTheCpu() throws Exception {
    SimulatedGpus gpus = SimulatedGpus.withDriver(folder);
    String file = sample().toString();
    String onCpu = gpus.fst("digest", file);
    assertThat(onCpu.lines()).hasSize(2);
    assertThat(gpus.fst("digest", "--device", "cuda:1", file)).isEqualTo(onCpu);
    assertThat(gpus.fst("doctor"))
        .containsPattern("device +cuda +available +driver for CUDA 12.6; cuda:0 Simulated GPU 0")
        .containsPattern("backend +posix +available +for cuda:0: through staging memory")
        .containsPattern(
            "collective +nccl +unavailable +for cuda:0: libcudart.so.13 was not found");
  }

  @Test
  void digestsOnGpusOfRanksOverNcclAreThoseOnTheCpu() throws Exception {
    SimulatedGpus gpus = SimulatedGpus.withNccl(folder);
    assertThat(gpus.fst("doctor")).containsPattern("nccl +available +for cuda:0: NCCL 2.30.7");
    assertRanksGetWhatTheCpuGets(gpus);
  }

  /** MPJ Express reaches no GPU: all goes through pinned memory of each rank's GPU. */
  @Test
  void digestsOnGpusOfRanksOverMpjAreThoseOnTheCpu() throws Exception {
    SimulatedGpus gpus = SimulatedGpus.withDriver(folder);
    String doctor = gpus.fst("doctor");
    assertThat(doctor).containsPattern("nccl +unavailable +for cuda:0");
    Assumptions.assumeTrue(
        Pattern.compile("mpj +available").matcher(doctor).find(),
        "MPJ Express is missing: install libmpj-java or set MPJ_HOME");
    assertRanksGetWhatTheCpuGets(gpus);
  }

  /** One rank has the file: the other gets whole tensors by broadcasts, parts by each way. */
  private void assertRanksGetWhatTheCpuGets(SimulatedGpus gpus) throws Exception {
    String file = sample().toString();
    String onCpu = gpus.fst("digest", file);
    String whole = launch(gpus, "digest", "--device", "cuda", file);
    for (int rank = 0; rank < RANKS; rank++) {
      assertThat(printedBy(rank, whole)).as(whole).isEqualTo(onCpu.lines().toList());
    }
    for (String distribution : List.of("owner", "local", "shared", "auto")) {
      String parts =
          launch(
              gpus,
              "digest",
              "--device",
              "cuda",
              "--shard",
              "a=1",
              "--distribution",
              distribution,
              file);
      for (int rank = 0; rank < RANKS; rank++) {
        assertThat(printedBy(rank, parts)).as(parts).hasSize(2).first().isEqualTo(columns(rank));
      }
    }
  }

  private static String launch(SimulatedGpus gpus, String... command) throws Exception {
    String[] all = new String[command.length + 4];
    List.of("launch", "-n", Integer.toString(RANKS), "--").toArray(all);
    System.arraycopy(command, 0, all, 4, command.length);
    return gpus.fst(all);
  }

  private static List<String> printedBy(int rank, String output) {
    String prefix = "[" + rank + "] ";
    return output
        .lines()
        .filter(line -> line.startsWith(prefix))
        .map(line -> line.substring(prefix.length()))
        .toList();
  }

  /** Returns the line of a rank's part of the columns of tensor a. */
  private String columns(int rank) throws Exception {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    int part = SIDE / RANKS * Float.BYTES;
    for (int row = 0; row < SIDE; row++) {
      digest.update(bytes, (row * RANKS + rank) * part, part);
    }
    return HexFormat.of().formatHex(digest.digest()) + "  F32  [512, 256]  a";
  }

  private Path sample() throws IOException {
    new Random(1).nextBytes(bytes);
    Path file = folder.resolve("model.safetensors");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment elements = arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
      new SafetensorsWriter()
          .add("a", DType.F32, Shape.of(SIDE, SIDE), elements)
          .add("b", DType.U8, Shape.of(7, 11), elements.asSlice(0, 77))
          .write(file);
    }
    return file;
  }
}
