// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DoctorCommandTests {
  @Test
  void printsPluginsAndTheHost() {
    Fst fst = Fst.run("doctor");
    assertThat(fst.exit()).isZero();
    assertThat(fst.outLines())
        .anyMatch(line -> line.matches("device +host +available +.*"))
        .anyMatch(line -> line.matches("backend +cpu +available +.*"))
        .anyMatch(line -> line.matches("java +25.*"))
        .anyMatch(line -> line.matches("limits +.*Max open files \\d+.*"))
        .anyMatch(line -> line.matches("memory +MemTotal: \\d+ kB.*"))
        .anyMatch(line -> line.startsWith("huge pages"));
  }

  @Test
  void printsTheSameAsJson() throws IOException {
    Map<String, Object> json =
        JsonText.object(Fst.run("doctor", "--json", "--device", "cpu").out());
    List<?> plugins = (List<?>) json.get("plugins");
    assertThat(plugins)
        .anySatisfy(plugin -> {
          Map<?, ?> cpu = (Map<?, ?>) plugin;
          assertThat(cpu.get("kind")).isEqualTo("backend");
          assertThat(cpu.get("id")).isEqualTo("cpu");
          assertThat(cpu.get("available")).hasToString("true");
          assertThat(cpu.get("device")).isEqualTo("cpu");
          assertThat(cpu.get("detail"))
              .isEqualTo(
                  Map.of("code", "plugin.available", "text", "pure Java", "values", Map.of()));
        });
    assertThat((List<?>) json.get("facts"))
        .anySatisfy(fact -> assertThat(((Map<?, ?>) fact).get("name")).isEqualTo("java"));
  }

  @Test
  void anUnknownDeviceIsMisuseThatNamesTheNearest() {
    Fst fst = Fst.run("doctor", "--device", "cdua:1");
    assertThat(fst.exit()).isEqualTo(2);
    assertThat(fst.errLines())
        .hasSize(1)
        .first()
        .asString()
        .contains("device 'cdua:1': no plug-in has devices of type 'cdua'; did you mean 'cuda'?");
  }
}
