// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class MainTests {
  @Test
  void printsItsVersion() {
    StringWriter out = new StringWriter();
    int exit = Main.commandLine().setOut(new PrintWriter(out)).execute("--version");
    assertThat(exit).isZero();
    assertThat(out.toString()).isEqualTo("fst 0.1.0-SNAPSHOT" + System.lineSeparator());
  }
}
