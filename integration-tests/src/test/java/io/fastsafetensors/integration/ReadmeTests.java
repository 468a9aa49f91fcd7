// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.format.SafetensorsHeader;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The programs in the README compile without a warning, run, and print what they should. */
class ReadmeTests {
  @TempDir private Path folder;

  @Test
  void theExampleLoadsTwoFiles() throws Exception {
    ReadmeProgram.writeSamples(folder);
    assertThat(run("Example"))
        .contains("a0 F16 [16, 8]", "b0 F16 [16, 8]", "bytes to cpu", "a.safetensors: ");
  }

  @Test
  void theWriteExampleWritesAFile() throws Exception {
    run("WriteExample");
    assertThat(SafetensorsHeader.read(folder.resolve("weights.safetensors")).metadata())
        .containsEntry("format", "pt");
  }

  private String run(String name) throws Exception {
    Jvm program = ReadmeProgram.named(name).run(folder, Distribution.jars("api", "backend-cpu"));
    assertThat(program.exit()).as(program.output()).isZero();
    return program.output();
  }
}
