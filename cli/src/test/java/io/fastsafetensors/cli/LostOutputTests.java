// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.StringTokenizer;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Output that can't be written is an error. */
@Tag("slow")
@EnabledOnOs(value = OS.LINUX, disabledReason = "needs /dev/full")
@Timeout(120)
class LostOutputTests {
  private static final String LINE = "fst: can't write the output: ";

  @TempDir private Path folder;
  private Path file;

  @BeforeEach
  void writeFile() throws Exception {
    file = folder.resolve("a.safetensors");
    Samples.write(file, "a0", DType.F32, Shape.of(2, 2));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "inspect FILE",
        "inspect FILE --json",
        "check FILE",
        "load FILE",
        "load FILE --json",
        "digest FILE",
        "make DIR --bytes 1KiB",
        "doctor",
        "help",
        "--version",
        "launch -n 1 -- check FILE"
      })
  void onAFullDevice(String line) throws Exception {
    Process process = start(line, new File("/dev/full"));
    assertThat(process.waitFor()).isEqualTo(1);
    assertThat(Files.readAllLines(folder.resolve("err")))
        .containsExactly(LINE + "No space left on device");
  }

  @Test
  void onAPipeThatNobodyReads() throws Exception {
    Process process = start("digest FILE", null);
    process.getInputStream().close();
    assertThat(process.waitFor()).isEqualTo(1);
    assertThat(Files.readAllLines(folder.resolve("err"))).containsExactly(LINE + "Broken pipe");
  }

  @Test
  void whatFailedBeforeIsToldAlone() throws Exception {
    Process process = start("check FILE /no/such", new File("/dev/full"));
    assertThat(process.waitFor(100, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isEqualTo(1);
    assertThat(Files.readString(folder.resolve("err"))).doesNotContain("\tat ");
  }

  private Process start(String line, File output) throws Exception {
    String meant = line.replace("FILE", file.toString()).replace("DIR", folder.resolve("m") + "");
    List<Object> words = Collections.list(new StringTokenizer(meant));
    ProcessBuilder builder =
        FstProcess.builder(words.toArray()).redirectError(folder.resolve("err").toFile());
    if (output != null) {
      builder.redirectOutput(output);
    }
    return builder.start();
  }
}
