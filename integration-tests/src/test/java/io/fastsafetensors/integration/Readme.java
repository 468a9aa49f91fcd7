// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What the README, and the pages of {@code docs}, tell users to copy. */
final class Readme {
  static final Path FILE = Path.of("..", "README.md");
  private static final Path PAGES = Path.of("..", "docs");

  private Readme() {}

  /** Returns the README, and the pages for people; results are not among them. */
  static List<Path> pages() throws IOException {
    try (Stream<Path> pages = Files.list(PAGES)) {
      return Stream.concat(
              Stream.of(FILE), pages.filter(page -> page.toString().endsWith(".md")).sorted())
          .toList();
    }
  }

  /** Returns the one block of code in a language that is as wanted, of all pages. */
  static String block(String language, Predicate<String> wanted) throws IOException {
    List<String> found = new ArrayList<>();
    for (Path page : pages()) {
      blocks(page, language).stream().filter(wanted).forEach(found::add);
    }
    assertThat(found).as("blocks of %s", language).hasSize(1);
    return found.getFirst();
  }

  /** Returns the first block of code in a document that is as wanted. */
  static String block(Path document, String language, Predicate<String> wanted) throws IOException {
    return blocks(document, language).stream()
        .filter(wanted)
        .findFirst()
        .orElseThrow(() -> new AssertionError("no such block of " + language + " in " + document));
  }

  private static List<String> blocks(Path document, String language) throws IOException {
    return Pattern.compile("```" + language + "\\n(.*?)```", Pattern.DOTALL)
        .matcher(Files.readString(document))
        .results()
        .map(block -> block.group(1))
        .toList();
  }

  /** Returns the dependencies of a Maven project. */
  static String dependencies() throws IOException {
    return block(FILE, "xml", block -> block.startsWith("<dependency>"));
  }

  /** Returns the descriptor of a module that uses the library. */
  static String moduleDescriptor() throws IOException {
    return block("java", block -> block.startsWith("module "));
  }
}
