// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.backend.posix.ChildJava;
import io.fastsafetensors.testkit.SampleFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How much memory a load takes at its peak, in a process that does nothing else. */
class PeakMemoryTests {
  private static final long MIB = 1 << 20;
  private static final long BYTES = 256 * MIB + 4097;

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"copied on 0", "copied off 0", "copied auto 4096", "mapped auto 0"})
  void peakIsTheFileAndLittleMore(String way) throws IOException, InterruptedException {
    assertThat(peakGrowth(way)).isBetween(BYTES / 2, BYTES + 64 * MIB);
  }

  private long peakGrowth(String way) throws IOException, InterruptedException {
    Path file = folder.resolve("f");
    SampleFiles.writeTail(file, BYTES, MIB, 1);
    Path report = folder.resolve("report");
    new ChildJava("true", "--enable-native-access=" + ChildJava.module(), "-Xmx64m")
        .run(folder, PeakLoad.class, (file + " " + report + " " + way).split(" "));
    String said = Files.readString(report);
    assertThat(said).startsWith("loadedloaded ");
    return Long.parseLong(said.substring(said.lastIndexOf(' ') + 1));
  }
}
