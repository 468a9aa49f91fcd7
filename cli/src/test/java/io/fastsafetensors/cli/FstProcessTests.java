// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What shows only in a process of its own: logs, exit status, encoding. */
@Tag("slow")
class FstProcessTests {
  @TempDir private Path folder;

  @Test
  void logsStepsOnlyWhenAsked() throws Exception {
    Path file = folder.resolve("a.safetensors");
    Samples.write(file, "a0", DType.F32, Shape.of(2, 2));
    Fst quiet = FstProcess.run(folder, "load", file);
    assertThat(quiet.exit()).isZero();
    assertThat(quiet.err()).isEmpty();
    Fst loud = FstProcess.run(folder, "load", file, "--debug");
    assertThat(loud.exit()).isZero();
    assertThat(loud.errLines()).isNotEmpty().allMatch(line -> line.startsWith("[DEBUG] "));
    assertThat(loud.err()).contains(file.toString());
  }

  @Test
  void exitStatusTellsDataFromUsage() throws Exception {
    assertThat(FstProcess.run(folder, "inspect", "/no/such").exit()).isEqualTo(1);
    assertThat(FstProcess.run(folder, "inspect").exit()).isEqualTo(2);
  }

  @Test
  void printsNamesInUtf8WhateverTheLocale() throws Exception {
    Path file = folder.resolve("a.safetensors");
    Samples.write(file, "größe😀", DType.U8, Shape.of());
    Fst fst = FstProcess.run(folder, Map.of("LC_ALL", "C"), "digest", file);
    assertThat(fst.out()).endsWith("  U8  []  größe😀" + System.lineSeparator());
  }

  @Test
  void aFullHeapIsOneLine() throws Exception {
    Path file = Samples.raw(folder.resolve("a"), "{" + " ".repeat(40_000_000) + "}", 0);
    Fst fst = FstProcess.run(folder, Map.of("JDK_JAVA_OPTIONS", "-Xmx24m"), "inspect", file);
    assertThat(fst.exit()).isEqualTo(1);
    assertThat(fst.errLines()).last().asString().startsWith("fst: ").contains("heap");
  }
}
