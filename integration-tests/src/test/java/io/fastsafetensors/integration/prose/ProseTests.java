// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.prose;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Documents keep the house style, and each rule of it can fail. */
class ProseTests {
  private static final Path ROOT = Path.of("..");
  private static final Path DOCS = ROOT.resolve("docs");

  @Test
  void documentsKeepTheHouseStyle() throws IOException {
    List<String> faults = new ArrayList<>();
    List<Path> documents = documents();
    for (Path document : documents) {
      style(document)
          .faults(Files.readString(document))
          .forEach(fault -> faults.add(ROOT.relativize(document) + ", " + fault));
    }
    assertThat(documents).hasSizeGreaterThan(70);
    assertThat(faults).isEmpty();
  }

  private static HouseStyle style(Path document) {
    if (document.endsWith("spi-rules.md")) {
      return HouseStyle.RULES;
    }
    return document.toString().matches(".*/\\d{4}-\\d\\d?.*") ? HouseStyle.DATED : HouseStyle.PAGE;
  }

  /** The changelog is a history. */
  private static List<Path> documents() throws IOException {
    List<Path> documents = new ArrayList<>();
    for (Path folder : List.of(ROOT, DOCS, DOCS.resolve("decisions"), DOCS.resolve("results"))) {
      try (Stream<Path> files = Files.list(folder)) {
        files
            .filter(file -> file.toString().endsWith(".md") && !file.endsWith("CHANGELOG.md"))
            .sorted()
            .forEach(documents::add);
      }
    }
    return documents;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          Threads now read ahead.               | tells a history: now
          Files are no longer copied.           | tells a history: no longer
          Memory used to be cleared first.      | tells a history: used to be
          You can simply close it.              | leave out: simply
          Call it in order to load.             | leave out: in order to
          It has a powerful API.                | leave out: powerful
          It waits for the the file.            | a word twice: the the
          Write a plugin.                       | is called plug-in: plugin
          It lies in a directory.               | is called folder: directory
          The filesystem is slow.               | is called file system: filesystem
          A cgroup limits it.                   | is called control group: cgroup
          # Plugins                             | is called plug-in: Plugins
          * Bytes pass a bounce buffer          | is called staging: bounce buffer
          """)
  void eachRuleCanFail(String sample, String fault) {
    assertThat(HouseStyle.PAGE.faults(sample)).containsExactly("line 1: " + fault);
    assertThat(HouseStyle.PAGE.faults("```\n" + sample + "\n```")).isEmpty();
    assertThat(HouseStyle.PAGE.faults("`" + sample + "`")).isEmpty();
  }

  @Test
  void whatStandsInATableIsRead() {
    String table = "| a | b |\n|---|---|\n| c | it is now here |\n";
    assertThat(HouseStyle.PAGE.faults(table)).singleElement().asString().contains("history: now");
    assertThat(HouseStyle.DATED.faults(table)).isEmpty();
  }

  @Test
  void sentencesAndLinesAreShort() {
    String sentence = "some\nword\n".repeat(20).strip();
    assertThat(HouseStyle.PAGE.faults(sentence + ". " + sentence + ".")).isEmpty();
    assertThat(HouseStyle.PAGE.faults(sentence + ", " + sentence + "."))
        .singleElement()
        .asString()
        .startsWith("line 1: a sentence of more than 45 words: some word");
    assertThat(HouseStyle.PAGE.faults("| " + "some word ".repeat(30) + "|\n|---|\n")).isEmpty();
    assertThat(HouseStyle.PAGE.faults("w".repeat(133)))
        .containsExactly("line 1: more than 132 characters");
  }
}
