// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * Code in documents that says where it is from stands there: line by line, but for the indent.
 * There it is compiled, and run by tests.
 */
class DocumentedCodeTests {
  private static final Path ROOT = Path.of("..");
  private static final Path DOCUMENT = ROOT.resolve("docs").resolve("interop.md");
  private static final String SECTION = "## Runtimes";
  private static final Pattern BLOCK =
      Pattern.compile("(?:<!-- (\\S+\\.java) -->\\n)?```java\\n(.*?)```", Pattern.DOTALL);

  @Test
  void codeForRuntimesIsThatOfExamplesAndTests() throws IOException {
    List<MatchResult> blocks = BLOCK.matcher(section()).results().toList();
    assertThat(blocks).hasSizeGreaterThan(4);
    for (MatchResult block : blocks) {
      assertThat(block.group(1)).as("source of " + block.group(2)).isNotNull();
      assertThat(withoutIndent(Files.readString(ROOT.resolve(block.group(1)))))
          .contains(withoutIndent(block.group(2)));
    }
  }

  private static String section() throws IOException {
    String document = Files.readString(DOCUMENT);
    int start = document.indexOf(SECTION);
    assertThat(start).as(SECTION + " of " + DOCUMENT).isNotNegative();
    return document.substring(start);
  }

  private static String withoutIndent(String code) {
    return code.lines().map(String::strip).collect(Collectors.joining("\n"));
  }
}
