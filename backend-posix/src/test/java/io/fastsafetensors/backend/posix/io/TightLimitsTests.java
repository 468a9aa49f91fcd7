// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.backend.posix.ChildJava;
import io.fastsafetensors.testkit.SampleFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Processes with tight limits: {@link TightLoad} loads in them. */
class TightLimitsTests {
  @TempDir Path scratch;

  @Test
  void tooManyFilesForTheProcess() throws IOException, InterruptedException {
    Path folder = Files.createDirectory(scratch.resolve("many"));
    for (int i = 0; i < 100; i++) {
      SampleFiles.write(folder.resolve("f" + i), 10_000, i);
    }
    assertThat(load("ulimit -n 64", folder))
        .contains("TransferException", "EMFILE", "raise ulimit -n");
  }

  @Test
  void fileLargerThanTheAddressSpaceLeft() throws IOException, InterruptedException {
    Path folder = Files.createDirectory(scratch.resolve("large"));
    SampleFiles.writeTail(folder.resolve("sparse"), 8L << 30, 1, 1);
    assertThat(load("ulimit -v " + (6 << 20), folder))
        .contains("DeviceMemoryException", "needed 8.0 GiB (8589934592 bytes)", "ulimit -v");
  }

  private String load(String limit, Path folder) throws IOException, InterruptedException {
    ChildJava java =
        new ChildJava(
            limit,
            "--enable-native-access=" + ChildJava.module(),
            "-Xmx64m",
            "-Xshare:off",
            "-XX:+UseSerialGC",
            "-XX:ReservedCodeCacheSize=32m",
            "-XX:CompressedClassSpaceSize=16m");
    Path report = scratch.resolve("report");
    java.run(scratch, TightLoad.class, folder.toString(), report.toString());
    String said = Files.readString(report);
    assertThat(said).contains("left open: 0");
    return said;
  }
}
