// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.testkit.SampleFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Processes with tight limits: {@link TightLoad} loads in them. */
class TightLimitsTests {
  @TempDir Path folder;

  @Test
  void tooManyFilesForTheProcess() throws IOException, InterruptedException {
    for (int i = 0; i < 100; i++) {
      SampleFiles.write(folder.resolve("f" + i), 10_000, i);
    }
    assertThat(load("ulimit -n 64")).contains("TransferException", "EMFILE", "raise ulimit -n");
  }

  @Test
  void fileLargerThanTheAddressSpaceLeft() throws IOException, InterruptedException {
    SampleFiles.writeTail(folder.resolve("sparse"), 8L << 30, 1, 1);
    String limit = "ulimit -v " + (6 << 20);
    assertThat(load(limit)).contains("DeviceMemoryException", "ENOMEM", "ulimit -v");
  }

  /** Loads the folder in a process of its own; answers what it printed. */
  private String load(String limit) throws IOException, InterruptedException {
    List<String> java = new ArrayList<>();
    java.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    java.addAll(List.of("-Xmx64m", "-XX:ReservedCodeCacheSize=32m", "-XX:+UseSerialGC"));
    java.addAll(List.of("-XX:CompressedClassSpaceSize=16m", "-Xshare:off"));
    java.addAll(classes());
    java.add(folder.toString());
    Path output = folder.resolveSibling(folder.getFileName() + ".out");
    String quoted = String.join(" ", java.stream().map(word -> "'" + word + "'").toList());
    Process process =
        new ProcessBuilder("bash", "-c", limit + "; exec " + quoted)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    boolean ended = process.waitFor(2, TimeUnit.MINUTES);
    process.destroyForcibly();
    String printed = Files.readString(output);
    Files.delete(output);
    assertThat(ended).as(printed).isTrue();
    assertThat(process.exitValue()).as(printed).isZero();
    assertThat(printed).contains("left open: 0");
    return printed;
  }

  /** Returns how to start the same classes again, on module path or class path as here. */
  private static List<String> classes() {
    String main = TightLoad.class.getName();
    String modules = System.getProperty("jdk.module.path", "");
    Module module = TightLoad.class.getModule();
    if (!module.isNamed()) {
      return List.of(
          "--enable-native-access=ALL-UNNAMED",
          "-p",
          modules,
          "--add-modules",
          "io.fastsafetensors",
          "-cp",
          System.getProperty("java.class.path"),
          main);
    }
    String name = module.getName();
    String tests = Path.of("target", "test-classes").toAbsolutePath().toString();
    return Stream.of(
            "--enable-native-access=" + name,
            "-p",
            modules,
            "--patch-module",
            name + "=" + tests,
            "--add-reads",
            name + "=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            "-m",
            name + "/" + main)
        .toList();
  }
}
