// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("slow")
class DemoCommandTests {
  private static final Pattern SPEED =
      Pattern.compile("RANK [01]: read 256 bytes at [0-9.e-]+ GB/s\\R");

  @Test
  void printsTheTensorAsTheOriginalDoes() throws IOException {
    List<Path> before = demoFolders();
    Fst fst = Fst.run("demo");
    assertThat(fst.err()).isEmpty();
    assertThat(fst.exit()).isZero();
    assertThat(fst.out())
        .startsWith("a0: " + matrix("a0", 8) + System.lineSeparator())
        .contains("GB/s", "/b.safetensors: ");
    assertThat(demoFolders()).isEqualTo(before);
  }

  @Test
  void ranksPrintTheirTensorsAsTheOriginalDoes() {
    Ranks.needACollective();
    Fst fst = Fst.run("demo");
    assertThat(fst.err()).isEmpty();
    assertThat(SPEED.matcher(fst.out()).replaceAll("")).endsWith(rankPrints(0) + rankPrints(1));
  }

  @Test
  void threadsPrintTheSame() throws IOException {
    try (DemoFiles files = DemoFiles.write()) {
      assertThat(DemoRank.runThreads(files))
          .extracting(text -> SPEED.matcher(text).replaceAll(""))
          .containsExactly(rankPrints(0), rankPrints(1));
    }
  }

  private static String rankPrints(int rank) {
    return "RANK %1$d: tensor_a0=%2$s%nRANK %1$d: tensor_b0_sharded=%3$s%n"
        .formatted(rank, matrix("a0", 8), matrix("b0", 4));
  }

  /** Rows of the original's read-me, as torch aligns them, and what our tensors add. */
  static String matrix(String name, int columns) {
    return IntStream.range(0, 16)
        .mapToObj(row -> (row < 10 ? " " : "") + row + ".")
        .map(number -> "[" + (number + ", ").repeat(columns - 1) + number + "]")
        .collect(
            Collectors.joining(
                ",\n        ",
                "tensor([",
                "], name='%s', dtype=F16, shape=[16, %s], device=cpu)".formatted(name, columns)));
  }

  private static List<Path> demoFolders() throws IOException {
    try (Stream<Path> files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
      return files.filter(f -> f.getFileName().toString().startsWith("fst-demo")).toList();
    }
  }
}
