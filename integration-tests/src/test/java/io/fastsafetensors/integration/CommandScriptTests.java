// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the script {@code fst} sees to before it starts a JVM. */
@Tag("slow")
@EnabledOnOs(value = OS.LINUX, disabledReason = "the script is for Linux")
class CommandScriptTests {
  private static final String ROOT = Path.of("..").toAbsolutePath().normalize().toString();

  @TempDir private Path folder;

  /** In a container without a locale, or without the one that its variables name. */
  @ParameterizedTest
  @ValueSource(strings = {"", "LC_ALL=C", "LANG=POSIX", "LC_ALL=xx_XX.UTF-8", "LC_ALL=C.UTF-8"})
  void namesBeyondAsciiWorkInEachLocale(String locale) throws Exception {
    ReadmeProgram.writeSamples(folder);
    Path file = Files.copy(folder.resolve("a.safetensors"), folder.resolve("größe.safetensors"));
    Jvm fst = script(locale, "run_dist -- digest " + file);
    assertThat(fst.exit()).as(fst.output()).isZero();
    assertThat(fst.output()).contains("  F16  [16, 8]  a0");
    Jvm missing = script(locale, "run_dist -- digest " + folder.resolve("ä.safetensors"));
    assertThat(missing.exit()).isEqualTo(1);
    assertThat(missing.output()).contains("ä.safetensors");
  }

  @Test
  void aClosedOutputIsAnErrorBeforeAFileCanTakeItsPlace() throws Exception {
    Jvm fst = script("", "exec 1>&-; check_streams");
    assertThat(fst.exit()).isEqualTo(2);
    assertThat(fst.output()).contains("can't write the output: stdout is closed");
    assertThat(script("", "exec 2>&-; check_streams; echo on >&2; echo right").output())
        .isEqualTo("right\n");
  }

  private Jvm script(String locale, String commands) throws Exception {
    Path file = Files.createTempFile(folder, "script", ".sh");
    Files.writeString(
        file,
        String.join(
            "\n",
            "set -euo pipefail",
            "root=" + ROOT,
            ". \"$root/scripts/lib.sh\"",
            "JAVA_HOME=" + System.getProperty("java.home"),
            commands));
    ProcessBuilder builder =
        new ProcessBuilder("env", "-u", "LANG", "-u", "LC_ALL", "-u", "LC_CTYPE");
    if (!locale.isEmpty()) {
      builder.command().add(locale);
    }
    builder.command().add("bash");
    builder.command().add(file.toString());
    return Jvm.run(folder, builder);
  }
}
