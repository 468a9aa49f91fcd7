// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.nccl;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.device.cuda.simulated.SimulatedDriver;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Ranks that are processes on the simulated NCCL, and processes that lack something. */
@Tag("slow")
@Timeout(value = 2, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class NcclProcessesTests {
  private static Path driver;
  private static Path nccl;

  @BeforeAll
  static void needsTheSimulation() {
    SimulatedNccl.get();
    driver = SimulatedDriver.library().getParent();
    nccl = SimulatedNccl.folder();
  }

  private static String probe(Map<String, String> environment, Path... folders) throws Exception {
    try (RankProcesses processes = new RankProcesses()) {
      List<String> printed =
          RankProcesses.ended(processes.start(List.of(folders), environment, "probe"));
      assertThat(printed).as("one line, and no warning").hasSize(1);
      return printed.getFirst();
    }
  }

  @Test
  void probeFindsLibrariesOnTheModulePathAndInFolders() throws Exception {
    assertThat(probe(Map.of(), driver, nccl)).isEqualTo("nccl true NCCL 2.30.7");
    assertThat(probe(Map.of("FST_NCCL_PATH", nccl.toString()), driver))
        .isEqualTo("nccl true NCCL 2.30.7");
  }

  @Test
  void probeNamesWhatIsMissing(@TempDir Path folder) throws Exception {
    assertThat(probe(Map.of())).contains("nccl false").contains("libcuda.so.1 was not found");
    assertThat(probe(Map.of(), driver))
        .startsWith("nccl false libcudart.so.13 was not found: install the CUDA 13 runtime");
    Files.copy(nccl.resolve("libcudart.so.13"), folder.resolve("libcudart.so.13"));
    assertThat(probe(Map.of(), driver, folder))
        .startsWith("nccl false libnccl.so.2 was not found: install NCCL for CUDA 13");
  }

  @Test
  void probeTellsOfMoreRanksThanGpus() throws Exception {
    assertThat(probe(Map.of("LOCAL_WORLD_SIZE", "9"), driver, nccl))
        .isEqualTo(
            "nccl false 9 ranks on this host (LOCAL_WORLD_SIZE) and 8 GPUs: start one rank a GPU");
  }

  @Test
  void processesExchange() throws Exception {
    try (RankProcesses ranks = new RankProcesses()) {
      ranks.startGroup(3, driver, nccl, "broadcast", "6");
      for (Process rank : ranks.all()) {
        List<String> printed = RankProcesses.ended(rank);
        assertThat(printed).hasSize(7).last().isEqualTo("ended well");
      }
    }
  }

  @Test
  void killedRankIsNamedByAllOthers() throws Exception {
    try (RankProcesses ranks = new RankProcesses()) {
      ranks.startGroup(3, driver, nccl, "broadcast", "1000000");
      awaitFirst(ranks.all().get(1));
      ranks.all().get(1).destroyForcibly();
      for (int survivor : List.of(0, 2)) {
        List<String> printed = RankProcesses.ended(ranks.all().get(survivor));
        assertThat(printed.getLast()).startsWith("lost peer 1: broadcast on rank " + survivor);
        assertThat(ranks.all().get(survivor).exitValue()).isEqualTo(1);
      }
    }
  }

  private static void awaitFirst(Process rank) throws IOException {
    BufferedReader lines = rank.inputReader();
    String line = lines.readLine();
    assertThat(line).isEqualTo("broadcast 0");
  }
}
