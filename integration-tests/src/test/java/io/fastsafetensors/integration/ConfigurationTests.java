// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.Configuration;
import io.fastsafetensors.Configuration.Setting;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What docs/configuration.md says is what the code reads. */
class ConfigurationTests {
  private static final Path DOCUMENT = Path.of("..", "docs", "configuration.md");
  private static final Pattern ENVIRONMENT = Pattern.compile("\"(FST_[A-Z_]+)\"");
  private static final Pattern READS =
      Pattern.compile("(?:Boolean\\.getBoolean|Long\\.getLong|Integer\\.getInteger)\\(");

  @Test
  void theDocumentIsMadeFromTheDefinitions() throws Exception {
    List<String> made = ConfigurationDocument.lines();
    if (Boolean.getBoolean("golden.accept")) {
      Files.write(DOCUMENT, made);
    }
    assertThat(made)
        .as("%s; accept changes with -Dgolden.accept=true", DOCUMENT)
        .containsExactlyElementsOf(Files.readAllLines(DOCUMENT));
  }

  @Test
  void everyVariableThatCodeNamesIsDefined() throws Exception {
    Set<String> known = new TreeSet<>();
    Configuration configuration = Configuration.inForce();
    configuration.settings().stream().map(Setting::environmentVariable).forEach(known::add);
    configuration.variables().forEach(variable -> known.add(variable.name()));
    known.add("FST_"); // what all begin with
    for (Path source : sources()) {
      Set<String> named =
          ENVIRONMENT
              .matcher(Files.readString(source))
              .results()
              .map(found -> found.group(1))
              .collect(Collectors.toCollection(TreeSet::new));
      assertThat(known).as("%s", source).containsAll(named);
    }
  }

  /** The JDK's ways take what is malformed for a default. */
  @Test
  void noPropertyIsReadInAWayThatHidesMistakes() throws Exception {
    for (Path source : sources()) {
      assertThat(READS.matcher(Files.readString(source)).results().map(MatchResult::group))
          .as("%s", source)
          .isEmpty();
    }
  }

  private static List<Path> sources() throws Exception {
    try (Stream<Path> files = Files.walk(Path.of(".."))) {
      return files
          .filter(file -> file.toString().endsWith(".java"))
          .filter(file -> file.toString().contains("/src/main/java/"))
          .filter(file -> !file.startsWith(Path.of("..", "benchmarks")))
          .toList();
    }
  }
}
