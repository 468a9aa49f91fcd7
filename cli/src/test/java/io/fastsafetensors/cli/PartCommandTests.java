// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.Part;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code load} and {@code digest} bring when parts are wanted. */
class PartCommandTests {
  private static final Shape CUBE = Shape.of(7, 5, 6);
  private static final Shape ODD = Shape.of(9, 3);

  @TempDir private Path folder;
  private byte[] cube;
  private byte[] odd;

  @BeforeEach
  void writeFiles() throws IOException {
    cube = Samples.write(folder.resolve("1.safetensors"), "cube", DType.F32, CUBE);
    odd = Samples.write(folder.resolve("2.safetensors"), "a=b[0", DType.U8, ODD);
  }

  private String cubeOf(Part part) {
    return Samples.line("cube", DType.F32, CUBE, cube, part);
  }

  private String oddOf(Part part) {
    return Samples.line("a=b[0", DType.U8, ODD, odd, part);
  }

  private String[] digest(Object... options) {
    Object[] line = new Object[options.length + 2];
    line[0] = "digest";
    line[1] = folder;
    System.arraycopy(options, 0, line, 2, options.length);
    Fst fst = Fst.run(line);
    assertThat(fst.err()).isEmpty();
    assertThat(fst.exit()).isZero();
    return fst.outLines().toArray(String[]::new);
  }

  private String wholeOdd() {
    return oddOf(Part.whole());
  }

  private String wholeCube() {
    return cubeOf(Part.whole());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          [2:5]           | 2 | 5 | 0 | 5 | 0 | 6
          [:,1:3]         | 0 | 7 | 1 | 3 | 0 | 6
          [ : , : , 4:6 ] | 0 | 7 | 0 | 5 | 4 | 6
          [1:6,2:4,3:5]   | 1 | 6 | 2 | 4 | 3 | 5
          [3:,:2]         | 3 | 7 | 0 | 2 | 0 | 6
          [:]             | 0 | 7 | 0 | 5 | 0 | 6
          [4:4]           | 4 | 4 | 0 | 5 | 0 | 6
          [0:7,0:5,0:6]   | 0 | 7 | 0 | 5 | 0 | 6
          """)
  void slicesAreThoseOfTheWholeTensor(
      String slice, int from0, int to0, int from1, int to1, int from2, int to2) {
    String part = cubeOf(Part.slice(0, from0, to0).and(1, from1, to1).and(2, from2, to2));
    for (String path : List.of("mapped", "copied")) {
      assertThat(digest("--slice", "cube=" + slice, "--path", path))
          .containsExactly(wholeOdd(), part);
    }
  }

  @Test
  void rowsAndNamesWithSignsOfTheSyntax() {
    assertThat(digest("--rows", "cube=0,3,5-6", "--slice", "a=b[0=[1:8,:2]"))
        .containsExactly(oddOf(Part.slice(0, 1, 8).and(1, 0, 2)), cubeOf(Part.rows(0, 3, 5, 6)));
    assertThat(digest("--rows", "a=b[0=8")).contains(oddOf(Part.rows(8)));
    assertThat(digest("--shard", "a=b[0=1")).containsExactly(wholeOdd(), wholeCube());
  }

  @Test
  void theFirstOptionThatMatchesCounts() {
    String slice = oddOf(Part.slice(0, 0, 2));
    String row = oddOf(Part.rows(4));
    assertThat(digest("--slice", "a*=[0:2]", "--rows", "*=4")).contains(slice);
    assertThat(digest("--rows", "a*=4", "--slice", "*=[0:2]")).contains(row);
  }

  @ParameterizedTest
  @ValueSource(strings = {"--select", "--filter"})
  void onlySelectedTensorsAreLoaded(String option) {
    assertThat(digest(option, "cu*", "--slice", "cube=[1:2]"))
        .containsExactly(cubeOf(Part.slice(0, 1, 2)));
    assertThat(digest(option, "cu*", option, "a*")).containsExactly(wholeOdd(), wholeCube());
  }

  @Test
  void numbersInNamesChoose() throws IOException {
    Path experts = folder.resolve("experts");
    Files.createDirectory(experts);
    SafetensorsWriter writer = new SafetensorsWriter();
    for (int expert = 0; expert < 12; expert++) {
      byte[] bytes = {(byte) expert};
      writer.add("e." + expert + ".w", DType.U8, Shape.of(1), MemorySegment.ofArray(bytes));
    }
    writer.add("norm", DType.U8, Shape.of(1), MemorySegment.ofArray(new byte[1]));
    Path file = experts.resolve("e.safetensors");
    writer.write(file);
    assertThat(names("digest", file, "--numbered", "e.#.w=0,2,9-11"))
        .containsExactly("e.0.w", "e.10.w", "e.11.w", "e.2.w", "e.9.w", "norm");
    assertThat(names("digest", file, "--numbered", "e.#.w=round-robin")).hasSize(13);
    assertThat(names("digest", file, "--numbered", "e.#.w=1", "--select", "e.*"))
        .containsExactly("e.1.w");
    assertThat(Fst.run("load", file, "--numbered", "e.#.w=3,40-50").errLines())
        .containsExactly(
            "fst: selection: 'e.#.w': no tensor has a number from 40 to 50:"
                + " want a number from 0 to 11");
  }

  private static List<String> names(Object... line) {
    return Fst.run(line).outLines().stream().map(text -> text.replaceAll(".*  ", "")).toList();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      textBlock =
          """
          --slice cube=[0:4:2]       | '0:4:2': a slice has no step; want FROM:TO, or --rows
          --slice cube=[-1:4]        | '-1:4': indexes count from the start
          --slice cube=[0:-1]        | '0:-1': indexes count from the start
          --slice cube=[3]           | an index alone would take the dimension away; want 3:4
          --slice cube=[4:2]         | '4:2' ends before it begins
          --slice cube=[]            | '': want FROM:TO, or : for a whole dimension
          --slice cube=[a:b]         | 'a:b': want FROM:TO
          --slice cube=[0:1,]        | '': want FROM:TO
          --slice cube=[...]         | '...': want FROM:TO
          --slice cube=0:4           | '0:4' is no slice: want a range for each dimension, as in [0:128,:]
          --slice cube               | 'cube' names no tensor: want GLOB=[FROM:TO,...]
          --slice cube=[0:1,0:1,0:1,:] | "tensor 'cube' F32 [7, 5, 6]: slice [0:1,0:1,0:1,:] has 4 ranges for 3 dimensions"
          --slice cube=[0:8]         | 'cube' F32 [7, 5, 6]: range 0:8 of dimension 0 ends past its size, 7
          --slice cube=[9:]          | range 9:9 of dimension 0 ends past its size, 7
          --slice cube=[99999999999999999999:] | want FROM:TO
          --slice cub=[0:1]          | no tensor matches 'cub'; the nearest of 2: 'cube'
          --rows cube=7              | 'cube' F32 [7, 5, 6] has no row 7: dimension 0 has 7
          --rows cube=3,1            | '3,1': 1 comes after 3: want ascending numbers and ranges, as in 0,2,5-9
          --rows cube=5-2            | '5-2': 2 comes after 5
          --rows cube=1,1            | 1 comes after 1
          --rows cube=x              | 'x': want ascending numbers
          --rows cube=               | '': want ascending numbers
          --rows cube=0-99999999999  | use --slice for rows that are neighbours
          --shard nothing            | 'nothing' is no shard: want DIM or GLOB=DIM
          --shard cube=-1            | is no shard
          --shard cube=3             | 'cube' [7, 5, 6] has no dimension 3: want 0 to 2
          --shard 3                  | selection: shard of dimension 3: no tensor has dimension 3: want 0 to 2
          --shard d*=0               | no tensor matches 'd*'
          --numbered cube=1          | want one # where names have the number
          --numbered #.#=1           | want one #
          --numbered x#=1            | no tensor matches 'x#'
          --numbered c#=1            | no tensor matches 'c#'
          --numbered *[#=1           | selection: '*[#': no tensor has number 1: want number 0
          --select cube --rows a*=1  | no tensor matches 'a*'
          --distribution never       | expected one of [AUTO, OWNER, LOCAL, SHARED]
          """)
  void whatMakesNoSenseIsOneLineWithTheRemedy(String options, String message) {
    Fst fst = Fst.runLine("load " + folder + " " + options);
    assertThat(fst.out()).isEmpty();
    assertThat(fst.errLines()).hasSize(1).first().asString().contains(message);
    assertThat(fst.exit()).isEqualTo(2);
  }

  @Test
  void theReportSaysHowPartsWereDistributedAndWhereTheyCameFrom() throws IOException {
    Fst text = Fst.run("load", folder, "--slice", "cube=[0:2]", "--backend", "cpu");
    assertThat(text.out()).contains("distribution local: one rank reads its own parts");
    String out = Fst.run("load", "--json", folder, "--slice", "cube=[0:2]").out();
    Map<String, Object> json = JsonText.object(out);
    assertThat(json).containsEntry("bytes", 2L * 5 * 6 * 4 + 27);
    Map<?, ?> report = (Map<?, ?>) json.get("report");
    assertThat(report.get("distribution")).isEqualTo("local");
    assertThat(report.get("distribution_reason").toString()).contains("code=distribution.single");
    assertThat(((Map<?, ?>) json.get("bytes_by_source")).keySet())
        .hasToString("[storage, page_cache, other_ranks]");
  }
}
