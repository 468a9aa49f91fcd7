// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.SafetensorsHeader;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConvertCommandTests {
  @TempDir private Path folder;

  private Path source;
  private Path target;

  @BeforeEach
  void make() {
    source = folder.resolve("source");
    target = folder.resolve("target");
    Fst.run("make", source, "--bytes", "3MiB", "--tensors", "30", "--dtype=F32", "--shards", "3");
  }

  private Fst convert(Object... options) {
    return Fst.run(
        Stream.concat(Stream.of("convert", source, target), Stream.of(options)).toArray());
  }

  private static void isWell(Fst fst) {
    assertThat(fst.err()).isEmpty();
    assertThat(fst.exit()).isZero();
  }

  private static List<String> digests(Path checkpoint, Object... options) {
    Fst fst = Fst.run(Stream.concat(Stream.of("digest", checkpoint), Stream.of(options)).toArray());
    isWell(fst);
    return fst.outLines();
  }

  private List<String> files() throws IOException {
    try (Stream<Path> files = Files.list(target)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void theSameTensorsInOtherShards() throws IOException {
    isWell(convert("--max-shard-size", "2MiB", "--verify"));
    assertThat(files())
        .containsExactly(
            "model-00001-of-00002.safetensors",
            "model-00002-of-00002.safetensors",
            "model.safetensors.index.json");
    assertThat(digests(target)).isEqualTo(digests(source));
  }

  @Test
  void oneFileWithTheMetadataOfTheSources() throws IOException {
    isWell(convert("--merge", "--metadata", "made=by a test", "--window", "1MiB"));
    assertThat(files()).containsExactly("model.safetensors");
    assertThat(SafetensorsHeader.read(target.resolve("model.safetensors")).metadata())
        .containsOnly(Map.entry("format", "pt"), Map.entry("made", "by a test"));
    assertThat(digests(target)).isEqualTo(digests(source));
  }

  @Test
  void aFileByItsName() throws IOException {
    target = folder.resolve("one.safetensors");
    isWell(convert());
    assertThat(digests(target)).isEqualTo(digests(source));
  }

  @ParameterizedTest
  @CsvSource({"BF16", "F16"})
  void convertsAsALoadDoes(String dtype) {
    isWell(convert("--dtype", dtype, "--verify"));
    assertThat(digests(target)).isEqualTo(digests(source, "--dtype", dtype));
  }

  @Test
  void convertsToALargerType() {
    isWell(convert("--dtype", "BF16"));
    Path small = target;
    target = folder.resolve("large");
    isWell(Fst.run("convert", small, target, "--dtype", "F64", "--verify", "--window", "1MiB"));
    assertThat(digests(target, "--dtype", "BF16")).isEqualTo(digests(small));
  }

  @Test
  void selectsExcludesAndRenames() {
    isWell(
        convert(
            "--select=layers.000000?.*",
            "--exclude=*7.weight",
            "--rename",
            "layers\\.0*(\\d+)=block.$1",
            "--rename=weight$=w",
            "--dtype=BF16",
            "--dtype=block.3.w=asis"));
    assertThat(digests(target))
        .extracting(line -> line.split("  ", 4)[3] + " " + line.split("  ", 4)[1])
        .containsExactly(
            "block.0.w BF16",
            "block.1.w BF16",
            "block.2.w BF16",
            "block.3.w F32",
            "block.4.w BF16",
            "block.5.w BF16",
            "block.6.w BF16",
            "block.8.w BF16",
            "block.9.w BF16");
  }

  @Test
  void takesSeveralSources() throws IOException {
    Path adapter = folder.resolve("adapter.safetensors");
    byte[] bytes = Samples.write(adapter, "adapter", DType.U8, Shape.of(5));
    isWell(Fst.run("convert", source, adapter, target, "--verify"));
    assertThat(digests(target))
        .hasSize(31)
        .contains(Samples.sha256(bytes) + "  U8  [5]  adapter")
        .containsAll(digests(source));
  }

  @Test
  void refusesANameOfTwoSources() throws IOException {
    Path other = folder.resolve("other.safetensors");
    Samples.write(other, "layers.0000003.weight", DType.U8, Shape.of(5));
    Fst fst = Fst.run("convert", source, other, target);
    assertThat(fst.exit()).isEqualTo(1);
    assertThat(fst.errLines())
        .singleElement()
        .asString()
        .contains("layers.0000003.weight", "other.safetensors");
    assertThat(target).doesNotExist();
  }

  @Test
  void metadataThatDiffersIsGiven() throws IOException {
    Path other = folder.resolve("other.safetensors");
    new SafetensorsWriter()
        .metadata("format", "np")
        .add("x", DType.U8, Shape.of(1), MemorySegment.ofArray(new byte[1]))
        .write(other);
    Fst fst = Fst.run("convert", source, other, target);
    assertThat(fst.exit()).isEqualTo(2);
    assertThat(fst.errLines())
        .singleElement()
        .asString()
        .contains("format", "other.safetensors", "--metadata format=VALUE");
    isWell(Fst.run("convert", source, other, target, "--metadata=format=pt"));
    assertThat(SafetensorsHeader.read(target.resolve("model.safetensors")).metadata())
        .containsOnly(Map.entry("format", "pt"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      textBlock =
          """
          --select=nothing             | no tensor has a name that matches
          --exclude=nothing            | no tensor has a name that matches
          --exclude=*                  | of 30 tensors none is left
          --rename=nothing=x           | --rename: nothing=x changes no name
          --rename=\\d+=                | --rename: layers.0000000.weight and layers.0000001.weight would both be layers..weight
          --rename=.*=__metadata__     | would both be __metadata__
          --rename=(=x                 | '(=x': Unclosed group
          --rename=layers=$1           | 'layers=$1': No group 1
          --rename=x                   | 'x': want REGEX=NAME
          --dtype=I8                   | I8 is no floating-point type
          --dtype=nothing=F16          | nothing
          --max-shard-size=0           | want 1 to
          """)
  void refusesWhatMakesNoSenseBeforeItWrites(String option, String message) {
    Fst fst = convert(option);
    assertThat(fst.exit()).isEqualTo(2);
    assertThat(fst.errLines()).singleElement().asString().contains(message);
    assertThat(target).doesNotExist();
  }

  @Test
  void mergedIsOneFile() {
    Fst fst = convert("--merge", "--max-shard-size", "1GB");
    assertThat(fst.exit()).isEqualTo(2);
    assertThat(fst.errLines()).first().asString().contains("--merge");
  }

  @Test
  void tellsWhatItDid() throws IOException {
    assertThat(convert("--verify").out())
        .startsWith(target + ": 3145728 bytes (3.0 MiB) in 30 tensors of 1 files, ")
        .contains(", verified");
    Map<String, Object> json = JsonText.object(convert("--max-shard-size=2MiB", "--json").out());
    assertThat(json)
        .containsEntry("target", target.toString())
        .containsEntry("tensors", 30L)
        .containsEntry("verified", "false");
    assertThat((List<?>) json.get("files")).hasSize(2);
  }

  @Test
  void theSourceIsNotTheTarget() {
    List<String> before = digests(source);
    Fst fst = Fst.run("convert", source, source, "--dtype", "BF16");
    assertThat(fst.exit()).isNotZero();
    assertThat(fst.errLines()).singleElement().asString().contains(source.toString());
    assertThat(digests(source)).isEqualTo(before);
  }
}
