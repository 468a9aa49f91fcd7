// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Operators and scripts find every code that the library gives in docs/reasons.md. */
class ReasonCodesTests {
  private static final Path ROOT = Path.of("..");

  /** A text that can be no file name, property or class: the first words are those of codes. */
  private static final Pattern CODE =
      Pattern.compile(
          "\"((?:advice|reason|path|backend|file|direct|mapping|dtype|distribution|plugin|save)\\.[a-z][a-z-]*)\"");

  private static final Pattern ROW = Pattern.compile("(?m)^\\| `([a-z.-]+)` \\|");

  @Test
  void theDocumentListsTheCodesOfTheSources() throws IOException {
    Set<String> written = new TreeSet<>();
    try (Stream<Path> modules = Files.list(ROOT)) {
      for (Path module : modules.toList()) {
        Path sources = module.resolve("src").resolve("main").resolve("java");
        if (Files.isDirectory(sources)) {
          for (Path file : SamplePlugin.files(sources)) {
            written.addAll(found(CODE, Files.readString(file)));
          }
        }
      }
    }
    Set<String> documented = found(ROW, Files.readString(ROOT.resolve("docs/reasons.md")));
    assertThat(written).hasSizeGreaterThan(30);
    assertThat(documented).isEqualTo(written);
  }

  private static Set<String> found(Pattern pattern, String text) {
    return pattern
        .matcher(text)
        .results()
        .map((MatchResult match) -> match.group(1))
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
