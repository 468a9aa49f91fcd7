// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What our modules promise is written down; a change of it is made on purpose, or not at all.
 *
 * <p>Run with {@code -Dgolden.accept=true} to accept changes: see docs/versioning.md.
 */
class GoldenTests {
  private static final Path GOLDEN = Path.of("src", "test", "golden");
  private static final boolean ACCEPT = Boolean.getBoolean("golden.accept");

  static List<ModuleJar> modules() throws IOException {
    return ModuleJar.all();
  }

  @ParameterizedTest
  @MethodSource("modules")
  void theDescriptorIsAsWrittenDown(ModuleJar module) throws IOException {
    compare(GOLDEN.resolve(module.name() + ".module.txt"), module.description());
  }

  @ParameterizedTest
  @MethodSource("modules")
  void thePublicSignaturesAreAsWrittenDown(ModuleJar module) throws IOException {
    List<String> signatures = module.signatures();
    Path golden = GOLDEN.resolve(module.name() + ".api.txt");
    if (signatures.isEmpty()) {
      assertThat(golden).as("%s exports nothing", module.name()).doesNotExist();
    } else {
      compare(golden, signatures);
    }
  }

  @Test
  void nothingIsWrittenDownOfModulesThatAreGone() throws IOException {
    Set<String> names = modules().stream().map(ModuleJar::name).collect(Collectors.toSet());
    try (var files = Files.list(GOLDEN)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .allMatch(file -> names.contains(file.replaceFirst("\\.(module|api)\\.txt$", "")));
    }
  }

  private static void compare(Path golden, List<String> found) throws IOException {
    if (ACCEPT) {
      Files.createDirectories(GOLDEN);
      Files.write(golden, found);
    }
    assertThat(golden)
        .as("what is written down; if it changes on purpose, accept it: docs/versioning.md")
        .exists();
    assertThat(found)
        .as("%s; if it changes on purpose, accept it: docs/versioning.md", golden)
        .containsExactlyElementsOf(Files.readAllLines(golden));
  }
}
