// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.Part;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Subcommands as ranks: real processes over the collective that is available. */
@Tag("slow")
@Timeout(300)
class GroupCommandTests {
  @TempDir private Path folder;
  private Path a;
  private Path b;
  private byte[] a0;
  private byte[] b0;

  @BeforeAll
  static void needsACollective() {
    Ranks.needACollective();
  }

  @BeforeEach
  void writeFiles() throws IOException {
    a = folder.resolve("a.safetensors");
    b = folder.resolve("b.safetensors");
    a0 = Samples.write(a, "a0", DType.F32, Shape.of(7, 1000));
    b0 = Samples.write(b, "b0", DType.F16, Shape.of(5, 8));
  }

  @Test
  void everyRankGetsEveryTensorWhole() {
    Fst fst = Fst.run("launch", "-n", "2", "--", "digest", folder);
    assertThat(fst.err()).isEmpty();
    for (int rank = 0; rank < 2; rank++) {
      assertThat(Ranks.linesOf(rank, fst))
          .containsExactly(
              Samples.sha256(a0) + "  F32  [7, 1000]  a0",
              Samples.sha256(b0) + "  F16  [5, 8]  b0");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"auto", "owner", "local", "shared"})
  void everyRankGetsItsPartWhoeverReads(String distribution) {
    List<Object> line = List.of("--rank-files", "0=" + b, "--rank-files", "1=" + a);
    Fst fst =
        run(3, "digest", line, "--shard", "b*=0", "--shard=1", "--distribution", distribution);
    assertThat(fst.err()).isEmpty();
    long[] rows = {0, 2, 4, 5};
    long[] columns = {0, 334, 668, 1000};
    for (int rank = 0; rank < 3; rank++) {
      Part ofA = Part.slice(1, columns[rank], columns[rank + 1]);
      Part ofB = Part.slice(0, rows[rank], rows[rank + 1]);
      assertThat(Ranks.linesOf(rank, fst))
          .containsExactly(
              Samples.line("a0", DType.F32, Shape.of(7, 1000), a0, ofA),
              Samples.line("b0", DType.F16, Shape.of(5, 8), b0, ofB));
    }
  }

  @Test
  void ranksShareExpertsByTheirNumbers() {
    Fst fst = run(2, "digest", List.of(folder), "--numbered", "?#=round-robin");
    assertThat(fst.err()).isEmpty();
    assertThat(Ranks.linesOf(0, fst)).hasSize(2);
    assertThat(Ranks.linesOf(1, fst)).isEmpty();
  }

  @Test
  void allRanksRefuseAPartThatATensorLacks() {
    Fst fst = run(2, "load", List.of(folder), "--slice", "b0=[0:6]");
    assertThat(fst.exit()).isNotZero();
    assertThat(fst.errLines())
        .anyMatch(line -> line.contains("'b0' F16 [5, 8]: range 0:6 of dimension 0"));
  }

  @Test
  void everyRankLoadsItsShare() {
    Fst fst = run(2, "load", List.of("--rank-files", "0=" + a, "--rank-files", "1=" + b));
    assertThat(fst.err()).isEmpty();
    assertThat(Ranks.linesOf(0, fst)).contains("files    1", "bytes    28000 (27.3 KiB)");
    assertThat(Ranks.linesOf(1, fst)).contains("files    1", "bytes    80 (80 B)");
  }

  @Test
  void allRanksFailWhenOneCanNotReadItsFile() throws IOException {
    Files.write(b, new byte[5]);
    Fst fst = run(2, "load", List.of("--rank-files", "0=" + a, "--rank-files", "1=" + b));
    assertThat(fst.exit()).isEqualTo(1);
    assertThat(fst.errLines())
        .anyMatch(line -> line.matches("\\[[01]] fst: .*HeaderTooSmall.*"))
        .last()
        .asString()
        .matches("fst: rank [01] failed with exit status 1; the other ranks were stopped");
  }

  private static Fst run(int ranks, String subcommand, List<Object> files, Object... more) {
    List<Object> line = new ArrayList<>(List.of("launch", "-n", ranks, "--", subcommand));
    line.addAll(files);
    line.addAll(List.of(more));
    return Fst.run(line.toArray());
  }
}
