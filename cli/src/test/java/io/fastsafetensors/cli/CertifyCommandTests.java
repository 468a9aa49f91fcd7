// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How certify is called; that it certifies is tried on the distribution. */
class CertifyCommandTests {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "certify --backend cpu --device cpu",
        "certify --report certificate.txt",
        "certify --backend",
        "certify --module-path no-such.jar",
        "certify --class-path no-such.jar",
        "certify --rule IO105",
        "certify --timeout 0",
        "certify --max-failures -1",
        "certify cpu"
      })
  void refusesWhatMakesNoSense(String line) {
    Fst fst = Fst.runLine(line);
    assertThat(fst.exit()).isEqualTo(2);
    assertThat(fst.err()).contains("fst certify --help");
  }

  @Test
  void namesAJarThatIsNotThere() {
    assertThat(Fst.run("certify", "--module-path", "no-such.jar").err())
        .contains("--module-path no-such.jar: there is no such file or folder");
  }

  @Test
  void saysWhereTheTestkitIsMissing() {
    Fst fst = Fst.run("certify");
    assertThat(fst.exit()).isEqualTo(1);
    assertThat(fst.err()).contains("testkit").hasLineCount(1);
  }
}
