// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** One word for one thing: no simple name of a class stands in two places. */
class NamesTests {
  private static final Set<String> NO_CLASSES = Set.of("package-info.java", "module-info.java");

  /** Metaphors where the field has terms: acceptor, connect, peer, slow, leave. */
  private static final String HOUSE_WORDS =
      "(?s).*\\b([Dd]oor|[Kk]nock\\w*|[Gg]uests?|[Dd]awdle\\w*|[Ll]ast words)\\b.*";

  @Test
  void noSimpleNameOfAClassStandsForTwoThings() throws IOException {
    Map<String, List<Path>> byName = new TreeMap<>();
    for (Path file : sources()) {
      byName.computeIfAbsent(file.getFileName().toString(), _ -> new ArrayList<>()).add(file);
    }
    assertThat(byName).hasSizeGreaterThan(400);
    assertThat(byName.entrySet().stream().filter(e -> e.getValue().size() > 1)).isEmpty();
  }

  @Test
  void theRendezvousSpeaksInTermsOfTheField() throws IOException {
    for (Path file : sources()) {
      if (file.getParent().endsWith(Path.of("toolkit", "group"))) {
        assertThat(Files.readString(file).matches(HOUSE_WORDS)).as(file.toString()).isFalse();
      }
    }
  }

  /** Returns the classes that all modules consist of. */
  static List<Path> sources() throws IOException {
    List<Path> sources = new ArrayList<>();
    for (Path module : list(Path.of(".."))) {
      Path root = module.resolve("src").resolve("main").resolve("java");
      if (Files.exists(root)) {
        SamplePlugin.files(root).stream()
            .filter(file -> !NO_CLASSES.contains(file.getFileName().toString()))
            .forEach(sources::add);
      }
    }
    return sources;
  }

  private static List<Path> list(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.toList();
    }
  }
}
