// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.integration.parts.PartCheckpoint;
import io.fastsafetensors.integration.parts.PartProgram;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Parts on GPUs, here of the simulated driver, are those cut out of the whole. */
@Tag("slow")
class CudaPartsTests {
  @TempDir private Path folder;

  @Test
  void everyRankGetsItsParts() throws Exception {
    SimulatedGpus gpus = SimulatedGpus.withDriver(folder);
    Path files = Files.createDirectory(folder.resolve("files"));
    PartCheckpoint.of(files, PartProgram.SEED).write();
    assertThat(gpus.java(PartProgram.class.getName(), files.toString(), "cuda"))
        .endsWith("parts are right\n");
  }
}
