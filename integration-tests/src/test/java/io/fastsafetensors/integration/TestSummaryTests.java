// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What ends {@code ./verify}: a test that was skipped or is missing without leave is an error. */
@Tag("slow")
class TestSummaryTests {
  private static final Path SCRIPTS = Path.of("..", "scripts").toAbsolutePath().normalize();
  private static final String PASSED = "";
  private static final String NONE_SKIPPED = "Tests run: 2, Failures: 0, Errors: 0, Skipped: 0\n";
  private static final String ONE_SKIPPED = "Tests run: 2, Failures: 0, Errors: 0, Skipped: 1\n";

  @TempDir private static Path classes;
  @TempDir private Path root;

  @BeforeAll
  static void compile() throws IOException {
    List<Path> sources =
        Stream.of("TestSummary", "AllowedSkips", "ExpectedTests")
            .map(name -> SCRIPTS.resolve(name + ".java"))
            .toList();
    Javac.compile(classes, sources);
  }

  @BeforeEach
  void aModuleWithTwoTests() throws IOException {
    Path scripts = Files.createDirectory(root.resolve("scripts"));
    Path allowed = scripts.resolve("allowed-skips.txt");
    Files.copy(SCRIPTS.resolve("allowed-skips.txt"), allowed);
    expect("module org.example.ATests 2");
    report(PASSED, PASSED);
  }

  private void expect(String line) throws IOException {
    Files.writeString(root.resolve("scripts/expected-tests.txt"), "# one\n" + line + "\n");
  }

  /** Writes a report of tests "a", "b" and so on, as Surefire does, with what came of each. */
  private void report(String... outcomes) throws IOException {
    StringBuilder tests = new StringBuilder();
    for (int i = 0; i < outcomes.length; i++) {
      tests.append("<testcase name='%c' classname='org.example.ATests'>".formatted('a' + i));
      tests.append(outcomes[i]).append("</testcase>");
    }
    Path folder = Files.createDirectories(root.resolve("module/target/surefire-reports"));
    Path file = folder.resolve("TEST-org.example.ATests.xml");
    Files.writeString(file, "<testsuite>" + tests + "</testsuite>");
  }

  private static String skipped(String reason) {
    return "<skipped>org.opentest4j.TestAbortedException: Assumption failed: %s\n\tat A</skipped>"
        .formatted(reason);
  }

  @Test
  void allThatIsExpectedIsRight() throws Exception {
    Jvm summary = summary();
    assertThat(summary.output()).isEqualTo(NONE_SKIPPED);
    assertThat(summary.exit()).isZero();
  }

  /** Whoever runs it, and whatever this machine has. The reasons are those that tests give. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      textBlock =
          """
          no gcc here                                                      | gcc
          MPJ Express is not at /usr/share/java/mpj.jar: install it        | mpj
          mounting needs root                                              | root
          no /dev/fuse that we may use                                     | fuse
          mkfs.xfs is not installed: error=2                               | xfs
          no Chromium: install Debian's chromium                           | chromium
          python3 has no jpype: see scripts/dlpack-consumers               | jpype
          silero-vad-6.2.3 was not fetched from PyPI, which ./verify does  | models
          """)
  void whatIsMissingIsNamedUnlessItIsAllowed(String reason, String name) throws Exception {
    report(PASSED, skipped(reason));
    Jvm summary = summary();
    assertThat(summary.exit()).isEqualTo(1);
    assertThat(summary.output())
        .endsWith(
            "Not allowed: without %s 1 test was skipped, as org.example.ATests.b: %s; where it can't be had: ./verify --without %s\n%s"
                .formatted(name, reason, name, ONE_SKIPPED));
    assertThat(summary("--without", ",cachestat," + name + ",").exit()).isZero();
  }

  @Test
  void oneSentenceIsEnoughForManyTests() throws Exception {
    report(skipped("no gcc here"), skipped("needs gcc, or so"));
    assertThat(summary().output())
        .containsOnlyOnce("Not allowed: ")
        .contains("Not allowed: without gcc 2 tests were skipped, as org.example.ATests.a: ");
  }

  @Test
  void whatNobodyForesawIsNeverAllowed() throws Exception {
    report(PASSED, "<skipped message='whim'/>");
    Jvm summary = summary("--without", "root,gcc");
    assertThat(summary.output())
        .contains("was skipped: whim; a reason that may be belongs into scripts/allowed-skips.txt");
    assertThat(summary.exit()).isEqualTo(1);
  }

  @Test
  void missingTestsAreAnError() throws Exception {
    report(PASSED);
    Jvm fewer = summary();
    assertThat(fewer.exit()).isEqualTo(1);
    assertThat(fewer.output())
        .contains("Missing: module org.example.ATests ran 1 of 2 tests; if that is meant:");
    expect("module org.example.GoneTests 7");
    assertThat(summary().output()).contains("Missing: module org.example.GoneTests ran 0 of 7");
    assertThat(summary("--partial").exit()).isZero();
    assertThat(summary("--record").exit()).isZero();
    assertThat(root.resolve("scripts/expected-tests.txt"))
        .content()
        .endsWith("\nmodule org.example.ATests 1\n");
  }

  private Jvm summary(String... options) throws Exception {
    List<String> arguments =
        new ArrayList<>(List.of("-cp", classes.toString(), "TestSummary", root.toString()));
    arguments.addAll(List.of(options));
    return Jvm.run(root, arguments);
  }
}
