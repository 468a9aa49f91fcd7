// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What documents point at is there: files, headings, methods of the load path, decisions. */
class DocumentsTests {
  private static final Path ROOT = Path.of("..");
  private static final Path ARCHITECTURE = ROOT.resolve("ARCHITECTURE.md");
  private static final Path DECISIONS = ROOT.resolve("docs").resolve("decisions");
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s#]*)(?:#([^)\\s]+))?\\)");
  private static final Pattern HEADING = Pattern.compile("(?m)^#+ (.*)$");
  private static final Pattern METHOD = Pattern.compile("`(?:[a-z]+\\.)*([A-Z]\\w+)#(\\w+)`");
  private static final Pattern RECORD = Pattern.compile("[0-9]{4}-[a-z0-9-]+\\.md");

  @Test
  void everyLinkLeadsSomewhere() throws IOException {
    List<String> dead = new ArrayList<>();
    for (Path document : documents()) {
      for (MatchResult link : all(LINK, Files.readString(document))) {
        if (!link.group(1).contains("://") && !leadsSomewhere(document, link)) {
          dead.add(document + ": " + link.group());
        }
      }
    }
    assertThat(documents()).hasSizeGreaterThan(40);
    assertThat(dead).isEmpty();
  }

  private static boolean leadsSomewhere(Path document, MatchResult link) throws IOException {
    Path target = link.group(1).isEmpty() ? document : document.resolveSibling(link.group(1));
    return Files.exists(target)
        && (link.group(2) == null
            || all(HEADING, Files.readString(target)).stream()
                .anyMatch(heading -> anchor(heading.group(1)).equals(link.group(2))));
  }

  /** Makes the anchor of a heading as those who show Markdown do. */
  private static String anchor(String heading) {
    return heading.toLowerCase(Locale.ROOT).replaceAll("[^\\w -]", "").replace(' ', '-');
  }

  @Test
  void theLoadPathOfTheArchitectureIsThatOfTheCode() throws IOException {
    List<MatchResult> methods = all(METHOD, Files.readString(ARCHITECTURE));
    List<String> gone = new ArrayList<>();
    for (MatchResult method : methods) {
      if (!isThere(method.group(1), method.group(2))) {
        gone.add(method.group());
      }
    }
    assertThat(methods).hasSizeGreaterThan(15);
    assertThat(gone).isEmpty();
  }

  private static boolean isThere(String type, String method) throws IOException {
    for (Path file : NamesTests.sources()) {
      if (file.endsWith(type + ".java") && Files.readString(file).contains(" " + method + "(")) {
        return true;
      }
    }
    return false;
  }

  @Test
  void theIndexListsTheDecisions() throws IOException {
    List<String> listed =
        all(RECORD, Files.readString(DECISIONS.resolve("README.md"))).stream()
            .map(MatchResult::group)
            .sorted()
            .toList();
    List<String> records = records().stream().map(r -> r.getFileName().toString()).toList();
    assertThat(listed).isEqualTo(records).hasSizeGreaterThan(30);
  }

  @Test
  void decisionsAreShortAndDated() throws IOException {
    for (Path record : records()) {
      String number = record.getFileName().toString().substring(0, 4);
      List<String> lines = Files.readAllLines(record);
      assertThat(lines).as(record.toString()).contains("## Decision", "## Reason");
      assertThat(lines.get(0)).as(record.toString()).startsWith("# " + number + ": ");
      assertThat(lines.get(2)).as(record.toString()).matches("Date: 20\\d\\d-\\d\\d-\\d\\d.*");
      assertThat(lines.size()).as("lines of " + record).isBetween(15, 45);
    }
  }

  private static List<Path> records() throws IOException {
    return documents(DECISIONS).stream()
        .filter(file -> RECORD.matcher(file.getFileName().toString()).matches())
        .toList();
  }

  private static List<MatchResult> all(Pattern pattern, String text) {
    return pattern.matcher(text).results().toList();
  }

  private static List<Path> documents() throws IOException {
    List<Path> documents = new ArrayList<>();
    for (Path folder :
        List.of(ROOT, ROOT.resolve("docs"), DECISIONS, ROOT.resolve("docs").resolve("results"))) {
      documents.addAll(documents(folder));
    }
    return documents;
  }

  private static List<Path> documents(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(".md")).sorted().toList();
    }
  }
}
