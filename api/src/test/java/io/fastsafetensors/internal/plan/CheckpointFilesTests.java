// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNoException;

import io.fastsafetensors.format.LoadException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Checkpoints are found as files, folders and indexes, and spread over ranks by size. */
class CheckpointFilesTests {
  private static final String INDEX = "model.safetensors.index.json";

  @TempDir private Path folder;

  private Path file(String name, int bytes) throws IOException {
    Path path = folder.resolve(name);
    Files.createDirectories(path.getParent());
    return Files.write(path, new byte[bytes]);
  }

  private Path index(String json) throws IOException {
    return Files.writeString(folder.resolve(INDEX), json);
  }

  @Test
  void aFileIsItself() throws IOException {
    Path file = file("weights.bin", 1);
    assertThat(CheckpointFiles.find(file).files()).containsExactly(file);
  }

  @Test
  void aFolderIsItsSafetensorsFilesByName() throws IOException {
    Path b = file("b.safetensors", 1);
    Path a = file("a.safetensors", 1);
    file("a.bin", 1);
    file("folder.safetensors/x", 1);
    assertThat(CheckpointFiles.find(folder).files()).containsExactly(a, b);
  }

  @Test
  void anIndexComesBeforeTheOtherFilesOfItsFolder() throws IOException {
    Path b = file("b.safetensors", 1);
    Path c = file("sub/c.safetensors", 1);
    file("a.safetensors", 1);
    index(
        """
        {"metadata": {"total_size": 3, "more": [1, {}]},
         "weight_map": {"y": "sub/c.safetensors", "x": "b.safetensors", "z": "./b.safetensors"}}
        """);
    CheckpointFiles found = CheckpointFiles.find(folder);
    assertThat(found.files()).containsExactly(b, c);
    assertThat(found.index().orElseThrow().shardByTensor())
        .containsExactly(Map.entry("y", c), Map.entry("x", b), Map.entry("z", b));
    assertThat(CheckpointFiles.find(folder.resolve(INDEX))).isEqualTo(found);
  }

  @Test
  void saysWhatIsMissing() throws IOException {
    assertThatExceptionOfType(LoadException.class)
        .isThrownBy(() -> CheckpointFiles.find(folder.resolve("no")))
        .withMessage(folder.resolve("no") + ": there is no such file or folder");
    assertThatExceptionOfType(LoadException.class)
        .isThrownBy(() -> CheckpointFiles.find(folder))
        .withMessage(folder + ": no .safetensors files in this folder");
    Path index = index("{\"weight_map\": {\"x\": \"b.safetensors\"}}");
    assertThatExceptionOfType(LoadException.class)
        .isThrownBy(() -> CheckpointFiles.find(folder))
        .withMessage(
            index + " names " + folder.resolve("b.safetensors") + ", which does not exist");
  }

  static Stream<Arguments> wrongIndexes() {
    return Stream.of(
        Arguments.of("", "want an object at"),
        Arguments.of("[]", "want an object at"),
        Arguments.of("{}", "it has no \"weight_map\""),
        Arguments.of("{\"weight_map\": []}", "want an object at"),
        Arguments.of("{\"weight_map\": {\"x\": 1}}", "want the name of a file at"),
        Arguments.of("{\"weight_map\": {}} {}", "something follows its object"),
        Arguments.of("{\"weight_map\": {}}", "the index names no files"),
        Arguments.of("{\"weight_map\": {\"x\": \"a\"", "it ends too early at line: 1"),
        Arguments.of("{\"weight_map\": {\"x\": \"a\", \"x\": \"b\"}}", "Duplicate field 'x'"),
        Arguments.of("{\"weight_map\": {\"x\": \"../a\"}}", "tensor 'x' is in '../a', which is"),
        Arguments.of("{\"weight_map\": {\"x\": \"a/../../b\"}}", "not a file of the index's"),
        Arguments.of("{\"weight_map\": {\"x\": \"/etc/passwd\"}}", "not a file of the index's"),
        Arguments.of("{\"weight_map\": {\"x\": \"\"}}", "not a file of the index's folder"),
        Arguments.of("{\"weight_map\": {\"x\": \"a/..\"}}", "not a file of the index's folder"),
        Arguments.of("{\"weight_map\": {\"x\": \"a\\u0000b\"}}", "not a file of the index's"));
  }

  @ParameterizedTest
  @MethodSource("wrongIndexes")
  void refusesWrongIndexesInOneLine(String json, String reason) throws IOException {
    Path index = index(json);
    assertThatExceptionOfType(LoadException.class)
        .isThrownBy(() -> CheckpointFiles.find(index))
        .withMessageStartingWith(index + ": ")
        .withMessageContaining(reason)
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
  }

  @Test
  void checksThatEveryListedTensorIsInItsShard() throws IOException {
    Path a = file("a.safetensors", 1);
    Path b = file("b.safetensors", 1);
    Path path = index("{\"weight_map\": {\"x\": \"a.safetensors\", \"y\": \"b.safetensors\"}}");
    CheckpointIndex index = CheckpointFiles.find(folder).index().orElseThrow();
    CatalogFile withX = CatalogTests.file(0, 0, a, Map.of("x", 1L));
    Catalog good =
        Catalog.of(List.of(withX, CatalogTests.file(1, 1, b, Map.of("y", 1L))), List.of());
    assertThatNoException().isThrownBy(() -> index.check(good));
    Catalog absent = Catalog.of(List.of(withX), List.of());
    assertThatExceptionOfType(LoadException.class)
        .isThrownBy(() -> index.check(absent))
        .withMessage(path + " lists tensor 'y' in " + b + ", which has no such tensor");
    Catalog elsewhere =
        Catalog.of(
            List.of(
                CatalogTests.file(0, 0, a, Map.of("y", 1L)),
                CatalogTests.file(1, 0, b, Map.of("x", 1L))),
            List.of(index));
    assertThatExceptionOfType(LoadException.class)
        .isThrownBy(() -> index.check(elsewhere))
        .withMessage(path + " lists tensor 'x' in " + a + ", but it is in " + b);
  }

  /** Shards of tied weights, say: the index decides whose counts. */
  @Test
  void indexDecidesOfATensorThatTwoShardsHave() throws IOException {
    Path a = file("a.safetensors", 1);
    Path b = file("b.safetensors", 1);
    index("{\"weight_map\": {\"x\": \"b.safetensors\", \"y\": \"a.safetensors\"}}");
    CheckpointIndex index = CheckpointFiles.find(folder).index().orElseThrow();
    Catalog catalog =
        Catalog.of(
            List.of(
                CatalogTests.file(0, 0, a, Map.of("x", 1L, "y", 2L)),
                CatalogTests.file(1, 0, b, Map.of("x", 1L, "y", 2L))),
            List.of(index));
    index.check(catalog);
    assertThat(catalog.get("x").file().source().path()).isEqualTo(b);
    assertThat(catalog.get("y").file().source().path()).isEqualTo(a);
  }

  @Test
  void givesTheLargestFilesToTheRankWithTheFewestBytes() throws IOException {
    List<Path> files =
        List.of(file("a", 10), file("b", 70), file("c", 40), file("d", 30), file("e", 30));
    List<Integer> ranks = CheckpointFiles.spread(files, 2).stream().map(SourceFile::rank).toList();
    // 70 to 0, 40 to 1, 30 to 1, 30 to 0 (a tie: the lower rank), 10 to 1.
    assertThat(ranks).containsExactly(1, 0, 1, 1, 0);
    assertThat(CheckpointFiles.spread(files, 2).stream().map(SourceFile::path))
        .containsExactlyElementsOf(files);
    assertThat(CheckpointFiles.spread(files, 1)).allMatch(file -> file.rank() == 0);
  }

  @Test
  void saysWhichFileHasNoSize() {
    Path gone = folder.resolve("gone");
    assertThatExceptionOfType(LoadException.class)
        .isThrownBy(() -> CheckpointFiles.spread(List.of(gone), 2))
        .withMessage(gone + ": can't read its size: there is no such file");
  }
}
