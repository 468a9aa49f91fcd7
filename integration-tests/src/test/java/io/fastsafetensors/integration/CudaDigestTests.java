// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.DType;
import io.fastsafetensors.SafetensorsWriter;
import io.fastsafetensors.Shape;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command loads to a GPU, here of the simulated driver, what it loads to the CPU. */
class CudaDigestTests {
  private static final String JCUDA = "lib/libJCudaDriver-12.6.0-linux-x86_64.so";
  private static final Path BUILD = Path.of("..", "device-cuda", "src", "test", "c", "build");

  @TempDir Path folder;

  @Test
  void digestsOnAGpuAreThoseOnTheCpu() throws Exception {
    Path driver = simulatedDriver();
    Path file = sample();
    String onCpu = fst(driver, "digest", file.toString());
    assertThat(onCpu.lines()).hasSize(2);
    assertThat(fst(driver, "digest", "--device", "cuda:1", file.toString())).isEqualTo(onCpu);
    assertThat(fst(driver, "doctor"))
        .containsPattern("device +cuda +available +driver for CUDA 12.6; cuda:0 Simulated GPU 0")
        .containsPattern("backend +posix +available +for cuda:0: through staging memory");
  }

  private Path sample() throws IOException {
    byte[] bytes = new byte[1 << 20];
    new Random(1).nextBytes(bytes);
    Path file = folder.resolve("model.safetensors");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment elements = arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
      new SafetensorsWriter()
          .add("a", DType.F32, Shape.of(512, 512), elements)
          .add("b", DType.U8, Shape.of(7, 11), elements.asSlice(0, 77))
          .write(file);
    }
    return file;
  }

  /** Builds the driver; skips the test, visibly, where that can't be done. */
  private Path simulatedDriver() throws Exception {
    Path library = folder.resolve("jcuda.so");
    try (InputStream in = ClassLoader.getSystemResourceAsStream(JCUDA)) {
      Assumptions.assumeTrue(in != null, "JCuda has no natives for this platform");
      Files.copy(in, library);
    }
    Assumptions.assumeTrue(
        Files.isExecutable(Path.of("/usr/bin/gcc")) && Files.isExecutable(Path.of("/usr/bin/nm")),
        "the simulated CUDA driver is built by gcc and nm: install them");
    run(List.of(BUILD.toString(), folder.toString(), library.toString()), folder);
    return folder;
  }

  private String fst(Path driver, String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-cp"));
    command.add(System.getProperty("java.class.path"));
    command.add("io.fastsafetensors.cli.Main");
    command.addAll(List.of(arguments));
    return run(command, driver);
  }

  private String run(List<String> command, Path libraries) throws Exception {
    Path output = folder.resolve("output");
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("LD_LIBRARY_PATH", libraries.toString());
    Process process = builder.redirectErrorStream(true).redirectOutput(output.toFile()).start();
    boolean ended = process.waitFor(1, TimeUnit.MINUTES);
    process.destroyForcibly();
    String printed = Files.readString(output);
    assertThat(ended).as(printed).isTrue();
    assertThat(process.exitValue()).as(printed).isZero();
    return printed;
  }
}
