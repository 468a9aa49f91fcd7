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
        .contains("a0 F16 [16, 8]", "b0 F16 [16, 8]", "bytes to cpu", "a.safetensors: ")
        .contains("tensor([[0., 0., ", "name='b0', dtype=F16, shape=[16, 8], device=cpu)");
  }

  @Test
  void theExampleIsShort() throws Exception {
    String source = ReadmeProgram.named("Example").source();
    String body = source.substring(source.indexOf("throws Exception {") + 18);
    assertThat(body.lines().map(String::strip).filter(line -> !line.isEmpty()).count() - 2)
        .as("lines in main")
        .isBetween(1L, 12L);
  }

  @Test
  void theExampleInTheBackgroundLoadsTwoFiles() throws Exception {
    ReadmeProgram.writeSamples(folder);
    assertThat(run("AsyncExample")).contains("something else meanwhile", "[a0, b0]");
  }

  @Test
  void theExampleForRanksIsOneWithoutALauncher() throws Exception {
    ReadmeProgram.writeSamples(folder);
    assertThat(run("RanksExample"))
        .contains("rank 0 of 1, by no launcher, for cpu", "a0 F16 [16, 8]", "b0 F16 [16, 8]");
  }

  @Test
  void theValuesExamplePrintsValues() throws Exception {
    ReadmeProgram.writeSamples(folder);
    assertThat(run("ValuesExample"))
        .contains("tensor([[0., 0., ", "name='a0', dtype=F16, shape=[16, 8], device=cpu)")
        .contains("128 values, the last is 0.0");
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
