// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.Part;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What goes through a window that is smaller than the checkpoint, and than some tensors. */
@Tag("slow")
class StreamCommandTests {
  private static final Shape SHAPE = Shape.of(700, 1030);

  @TempDir private Path folder;
  private byte[] large;
  private byte[] small;

  @BeforeEach
  void writeFiles() throws IOException {
    large = Samples.write(folder.resolve("1.safetensors"), "large", DType.F32, SHAPE);
    small = Samples.write(folder.resolve("2.safetensors"), "a", DType.U8, Shape.of(9, 3));
    Fst.run("make", folder.resolve("made"), "--bytes", "6MiB", "--tensors", "40", "--shards", "2");
  }

  private String smallLine() {
    return Samples.sha256(small) + "  U8  [9, 3]  a";
  }

  private List<String> digest(Object... options) {
    return lines("digest", options);
  }

  private List<String> lines(String command, Object... options) {
    List<Object> line = new ArrayList<>(List.of(command, folder));
    line.addAll(List.of(options));
    Fst fst = Fst.run(line.toArray());
    assertThat(fst.err()).isEmpty();
    assertThat(fst.exit()).isZero();
    return fst.outLines();
  }

  @ParameterizedTest
  @ValueSource(strings = {"mapped", "copied", "auto"})
  void piecesOfTensorsHashAsTheWhole(String path) {
    String line = Samples.sha256(large) + "  F32  [700, 1030]  large";
    assertThat(digest("--window", "1MiB", "--path", path)).containsExactly(smallLine(), line);
    assertThat(digest("--window", "1MiB", "--path", path, "--threads", "1"))
        .containsExactly(smallLine(), line);
  }

  @Test
  void piecesOfPartsHashAsTheParts() {
    Part columns = Part.slice(1, 3, 1000);
    assertThat(digest("--window", "1MiB", "--slice", "large=[:,3:1000]"))
        .containsExactly(smallLine(), largeLine(columns));
    Part even = Part.rows(LongStream.range(0, 350).map(row -> 2 * row).toArray());
    StringBuilder rows = new StringBuilder("large=0");
    for (int row = 2; row < 700; row += 2) {
      rows.append(',').append(row);
    }
    assertThat(digest("--window", "1MiB", "--rows", rows))
        .containsExactly(smallLine(), largeLine(even));
  }

  private String largeLine(Part part) {
    return Samples.line("large", DType.F32, SHAPE, large, part);
  }

  @Test
  void piecesAreConvertedAsTheWhole() {
    assertThat(digest("--window", "1MiB", "--dtype", "BF16"))
        .isEqualTo(digest("--window", "1GiB", "--dtype", "BF16"))
        .anyMatch(line -> line.endsWith("  BF16  [700, 1030]  large"));
  }

  @Test
  void manyTensorsHashAlikeInAnyWindow() {
    Path made = folder.resolve("made");
    Fst whole = Fst.run("digest", made);
    assertThat(whole.outLines()).hasSize(40);
    assertThat(Fst.run("digest", made, "--window", "1MiB")).isEqualTo(whole);
    assertThat(Fst.run("digest", made, "--window", "3MiB", "--backend", "cpu")).isEqualTo(whole);
  }

  @Test
  void aStreamSaysThroughWhichWindowItWent() throws IOException {
    assertThat(lines("load", "--stream", "--pieces", "--window", "2MiB", "--touch"))
        .startsWith("files    2", "tensors  2", "bytes    2884027 (2.8 MiB)")
        .anyMatch(line -> line.startsWith("window   2.0 MiB (2097152 bytes), at most "));
    String out = String.join("", lines("load", "--stream", "--window", "8MiB", "--json"));
    Map<String, Object> json = JsonText.object(out);
    assertThat(json).containsEntry("window_bytes", 8L << 20).containsEntry("tensors", 2L);
    assertThat((Long) json.get("window_bytes_used")).isBetween(1L, 8L << 20);
    assertThat(lines("load")).noneMatch(line -> line.startsWith("window"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          load --stream --window 1MiB | tensor 'large' F32 [700, 1030] takes
          load --window 1MiB          | --window and --pieces are for --stream
          load --pieces               | --window and --pieces are for --stream
          inspect --pieces            | --pieces is for --window
          digest --window 1KiB        | window
          digest --window x           | 'x'
          digest --window 1MiB --slice large=[0:701] | range 0:701 of dimension 0 ends past its size
          digest --window 1MiB --numbered l#=1 | no tensor matches 'l#'
          """)
  void whatMakesNoSenseIsOneLine(String options, String message) {
    Fst fst = Fst.runLine(options + " " + folder);
    assertThat(fst.out()).isEmpty();
    assertThat(fst.errLines()).hasSize(1).first().asString().contains(message);
    assertThat(fst.exit()).isEqualTo(2);
  }

  @Test
  void aTensorThatDoesNotFitSaysWhichWindowWouldDoForAll() throws IOException {
    Samples.write(folder.resolve("3.safetensors"), "larger", DType.F32, Shape.of(900, 1200));
    Fst fst = Fst.run("load", "--stream", "--window", "1MiB", folder);
    assertThat(fst.err())
        .contains("more than the window of 1.0 MiB (1048576 bytes)", "or take pieces");
    String least = fst.err().replaceAll("(?s).*want a window of .*\\((\\d+) bytes\\).*", "$1");
    assertThat(Fst.run("load", "--stream", "--window", least, folder).exit()).isZero();
  }

  @Test
  void inspectTellsTheWindowThatIsNeeded() throws IOException {
    List<String> small = lines("inspect", "--window", "1MiB");
    assertThat(small)
        .contains("ranks     1", "window    1.0 MiB (1048576 bytes)")
        .contains("fits      no: want a larger window, or --pieces")
        .anyMatch(line -> line.startsWith("largest   'large' F32 [700, 1030], takes 2.8 MiB ("));
    String least = small.getLast().replaceAll(".*\\((\\d+) bytes\\).*", "$1");
    assertThat(lines("inspect", "--window", least)).contains("fits      yes");
    assertThat(Fst.run("load", "--stream", "--window", least, folder).exit()).isZero();
    assertThat(lines("inspect", "--window", "1MiB", "--pieces"))
        .contains("fits      yes, large tensors in pieces");
    assertThat(lines("inspect", "--window", "1MiB", "--slice", "large=[0:100]", "--select", "l*"))
        .contains("fits      yes", "steps     1");
    Object out = String.join("", lines("inspect", "--window", "1MiB", "--ranks", "2", "--json"));
    Map<String, Object> json = JsonText.object(out.toString());
    assertThat(json).containsEntry("ranks", 2L).containsEntry("fits", "false");
    assertThat((Long) json.get("whole_window_bytes")).isGreaterThan(2_884_000L);
  }

  @Test
  @Timeout(120)
  void ranksHashTheirPartsInPieces() {
    Ranks.needACollective();
    String options = "--shard large=1 --window 1MiB --distribution owner ";
    Fst fst = Fst.runLine("launch -n 2 -- digest " + options + folder);
    assertThat(fst.err()).isEmpty();
    for (int rank = 0; rank < 2; rank++) {
      assertThat(Ranks.linesOf(rank, fst))
          .containsExactly(smallLine(), largeLine(Part.shard(1, rank, 2)));
    }
  }
}
