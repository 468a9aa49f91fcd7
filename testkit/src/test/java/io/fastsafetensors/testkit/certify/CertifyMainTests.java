// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.certify;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.w3c.dom.Element;

/** The program that certifies, on the testkit's own plug-ins. */
final class CertifyMainTests {
  @TempDir private Path folder;
  private final StringWriter out = new StringWriter();

  private int run(String... arguments) {
    return CertifyMain.run(new PrintWriter(out), arguments);
  }

  @Test
  void printsATableAndWritesReports() throws Exception {
    Path certificate = folder.resolve("new").resolve("sim.md");
    Path report = folder.resolve("sim.xml");
    int exit =
        run("--device", "sim", "--report", certificate.toString(), "--report", report.toString());
    assertThat(exit).as(out.toString()).isZero();
    assertThat(out.toString().lines())
        .anyMatch(line -> line.matches("  D-201 +1 +0 +0 +[0-9.]+ s"))
        .anyMatch(line -> line.matches("  D-112 +0 +0 +1 +[0-9.]+ s"))
        .anyMatch(line -> line.contains("skipped: takes 4 GiB of device memory"))
        .anyMatch(line -> line.startsWith("device sim on sim:0 (simulated): certified: "));
    assertThat(certificate)
        .content()
        .contains(
            "## device sim on sim:0 (simulated)",
            "Device: simulated device",
            "**certified: ",
            "| D-201 | 1 | 0 | 0 | 0 |");
    Element suite =
        (Element)
            DocumentBuilderFactory.newDefaultInstance()
                .newDocumentBuilder()
                .parse(report.toFile())
                .getElementsByTagName("testsuite")
                .item(0);
    assertThat(suite.getAttribute("failures")).isEqualTo("0");
    assertThat(suite.getElementsByTagName("testcase").getLength())
        .isEqualTo(Integer.parseInt(suite.getAttribute("tests")))
        .isGreaterThan(20);
  }

  @Test
  void certifiesABackendOnTheDeviceThatItServes() {
    assertThat(run("--backend", "sim")).as(out.toString()).isZero();
    assertThat(out.toString())
        .contains("backend sim on sim:0 (simulated): certified: ", "1 certified, 0 refused");
  }

  @Test
  void whatIsNotThereIsNotCertified() {
    assertThat(run("--backend", "nobody")).isEqualTo(1);
    assertThat(out.toString()).contains("nobody: no such plug-in", "there are: sim");
  }

  @Test
  void triesTheRulesAskedForAndTellsThatOthersAreLeftOut() {
    Path certificate = folder.resolve("sim.md");
    int exit =
        run(
            "--device",
            "sim",
            "--rule",
            "D-20",
            "--rule",
            "p-102",
            "--report",
            certificate.toString());
    assertThat(exit).as(out.toString()).isZero();
    assertThat(out.toString())
        .contains("  P-102 ", "  D-201 ", "passed, only rules D-20, P-102 were to be tried: ")
        .contains("0 certified, 0 refused, 0 not tried, 1 passed in a part of the rules")
        .doesNotContain("P-101", "D-101", "D-211");
    assertThat(certificate).content().contains("**passed, only rules D-20, P-102 were to be tried");
  }

  @Test
  void aRuleThatBindsNobodyIsNoSuccess() {
    assertThat(run("--device", "sim", "--rule", "C-101")).isEqualTo(1);
    assertThat(out.toString()).contains("none of them binds these plug-ins");
  }

  @ParameterizedTest
  @CsvSource({
    "io-999, 'IO-136, IO-135, IO-134'",
    "io-2, 'IO-136, IO-135, IO-134'",
    "p-100, 'P-101, P-102, P-103'",
    "C-118, 'C-117, C-116, C-115'",
    "d-0, 'D-101, D-102, D-103'"
  })
  void aRuleWithoutATestIsAMistakeThatNamesTheNearest(String rule, String nearest) {
    assertThat(run("--device", "sim", "--rule", "D-201", "--rule", rule)).isEqualTo(2);
    assertThat(out.toString().strip())
        .isEqualToIgnoringCase(
            "certify: --rule " + rule + ": there is no test for it; the nearest: " + nearest);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--backend",
        "--wrong x",
        "--report certificate.txt",
        "--backend a --device b",
        "--rule IO105",
        "--timeout 0",
        "--max-failures -1",
        "--backend a extra"
      })
  void saysHowItIsCalled(String line) {
    assertThat(run(line.split(" "))).isEqualTo(2);
    assertThat(out.toString()).contains("--backend ID").hasLineCount(1);
  }
}
