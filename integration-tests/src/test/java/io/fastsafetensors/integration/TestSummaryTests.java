// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What ends {@code ./verify}: a test that was skipped or is missing without leave is an error. */
class TestSummaryTests {
  private static final Path SCRIPTS = Path.of("..", "scripts").toAbsolutePath().normalize();
  private static final String NO_GCC =
      "org.opentest4j.TestAbortedException: Assumption failed: no gcc here\n\tat org.junit";

  @TempDir private Path root;

  @BeforeEach
  void aModuleWithTwoTests() throws IOException {
    Path scripts = Files.createDirectory(root.resolve("scripts"));
    Path allowed = scripts.resolve("allowed-skips.txt");
    Files.copy(SCRIPTS.resolve("allowed-skips.txt"), allowed);
    expect("module org.example.ATests 2");
    report("<testcase name='a' classname='org.example.ATests'/>", "");
  }

  private void expect(String line) throws IOException {
    Files.writeString(root.resolve("scripts/expected-tests.txt"), "# one\n" + line + "\n");
  }

  private void report(String first, String skipped) throws IOException {
    Path folder = Files.createDirectories(root.resolve("module/target/surefire-reports"));
    Files.writeString(
        folder.resolve("TEST-org.example.ATests.xml"),
        "<testsuite>%s<testcase name='b' classname='org.example.ATests'>%s</testcase></testsuite>"
            .formatted(first, skipped));
  }

  @Test
  void allThatIsExpectedIsRight() throws Exception {
    Jvm summary = summary();
    assertThat(summary.output()).isEqualTo("Tests run: 2, Failures: 0, Errors: 0, Skipped: 0\n");
    assertThat(summary.exit()).isZero();
  }

  @Test
  void aSkipIsAnErrorUnlessItIsAllowed() throws Exception {
    report(
        "<testcase name='a' classname='org.example.ATests'/>", "<skipped>" + NO_GCC + "</skipped>");
    Jvm summary = summary();
    assertThat(summary.exit()).isEqualTo(1);
    assertThat(summary.output())
        .contains(
            "Not allowed: org.example.ATests.b was skipped: no gcc here; where it can't be had:"
                + " ./verify --without gcc");
    assertThat(summary("--without", "root,gcc").exit()).isZero();
    report("<testcase name='a' classname='org.example.ATests'/>", "<skipped message='whim'/>");
    assertThat(summary("--without", "root,gcc").output())
        .contains("was skipped: whim; a reason that may be belongs into scripts/allowed-skips.txt");
  }

  @Test
  void missingTestsAreAnError() throws Exception {
    report("", "");
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
        new ArrayList<>(
            List.of(
                "-XX:TieredStopAtLevel=1",
                SCRIPTS.resolve("TestSummary.java").toString(),
                root.toString()));
    arguments.addAll(List.of(options));
    return Jvm.run(root, arguments);
  }
}
