// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.cli.DemoCommand.DemoRankCommand;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MainTests {
  @AfterEach
  void debugOff() {
    StderrLoggerFinder.setDebug(false);
  }

  @Test
  void printsTheVersionThatTheBuildGaveIt() {
    Fst fst = Fst.run("--version");
    assertThat(fst.exit()).isZero();
    assertThat(fst.out())
        .isEqualTo("fst " + System.getProperty("fst.version") + System.lineSeparator());
  }

  @Test
  void helpNamesEverySubcommandButTheInnerOne() {
    Fst fst = Fst.run("--help");
    assertThat(fst.exit()).isZero();
    assertThat(fst.out())
        .contains("inspect", "check", "load", "digest", "make", "doctor", "demo", "launch")
        .doesNotContain(DemoRankCommand.NAME);
  }

  @Test
  void helpIsACommandToo() {
    assertThat(Fst.run("help")).isEqualTo(Fst.run("--help"));
    assertThat(Fst.run("help", "load")).isEqualTo(Fst.run("load", "--help"));
    assertThat(Fst.run("help").out()).contains("launch", "help ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "no-such",
        "help no-such",
        "load -p /no/such.jar x",
        "doctor -cp /no:",
        "load --threads many",
        "load --path sideways",
        "launch"
      })
  void misuseIsOneLineAndExitCode2(String line) {
    Fst fst = Fst.runLine(line);
    assertThat(fst.exit()).isEqualTo(2);
    assertThat(fst.out()).isEmpty();
    assertThat(fst.errLines()).hasSize(1).first().asString().startsWith("fst: ");
  }

  @Test
  void badDataIsOneLineAndExitCode1() {
    Fst fst = Fst.run("inspect", "/no/such/file");
    assertThat(fst.exit()).isEqualTo(1);
    assertThat(fst.errLines()).hasSize(1).first().asString().contains("/no/such/file");
  }

  @Test
  void debugPrintsWhereItFailed() {
    Fst fst = Fst.run("inspect", "/no/such/file", "--debug");
    assertThat(fst.exit()).isEqualTo(1);
    assertThat(fst.errLines()).hasSizeGreaterThan(2).anyMatch(line -> line.startsWith("\tat "));
  }
}
