// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class LaunchCommandTests {
  @TempDir private Path folder;

  @Test
  void runsTheSubcommandOnEveryRankAndPrefixesItsOutput() throws Exception {
    Path file = folder.resolve("a.safetensors");
    Samples.write(file, "a0", DType.F32, Shape.of(2, 2));
    Fst fst = Fst.run("launch", "-n", "2", "--", "check", file);
    assertThat(fst.exit()).isZero();
    assertThat(fst.outLines()).containsExactlyInAnyOrder("[0] ok " + file, "[1] ok " + file);
    assertThat(fst.err()).isEmpty();
  }

  @Test
  void optionsOfTheSubcommandNeedNoDashes() throws Exception {
    Path file = folder.resolve("a.safetensors");
    Samples.write(file, "a0", DType.F32, Shape.of(2, 2));
    Fst fst = Fst.run("launch", "-n", "1", "inspect", "--json", file);
    assertThat(fst.exit()).isZero();
    assertThat(fst.out()).startsWith("[0] {\"file\":");
  }

  @Test
  void reportsTheFirstFailure() {
    Fst fst = Fst.run("launch", "-n", "2", "--", "inspect", "/no/such");
    assertThat(fst.exit()).isEqualTo(1);
    assertThat(fst.errLines())
        .anyMatch(line -> line.matches("\\[[01]] fst: .*/no/such.*"))
        .last()
        .asString()
        .matches("fst: rank [01] failed with exit status 1; the other ranks were stopped");
  }

  @Test
  void misuseOfTheSubcommandIsMisuse() {
    Fst fst = Fst.run("launch", "-n", "1", "--", "no-such-subcommand");
    assertThat(fst.exit()).isEqualTo(2);
    assertThat(fst.err()).contains("no-such-subcommand");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "launch -n 0 -- check x",
        "launch -n 1 --nnodes 2 -- check x",
        "launch -n 1 --nnodes 2 --master h:1 -- check x",
        "launch -n 1 --master nowhere -- check x",
        "launch -n 1 --master h:0x -- check x",
        "launch -n 1 --master h:70000 -- check x",
        "launch -n 1 --node-rank 1 --master h:1 -- check x",
        "launch -n 1"
      })
  void refusesPlansThatMakeNoSense(String line) {
    Fst fst = Fst.runLine(line);
    assertThat(fst.exit()).isEqualTo(2);
    assertThat(fst.errLines()).hasSize(1);
  }
}
