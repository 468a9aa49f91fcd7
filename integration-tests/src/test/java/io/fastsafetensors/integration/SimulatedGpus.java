// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/**
 * The command in processes that find simulated libraries of GPUs in a folder.
 *
 * @param folder the folder
 */
record SimulatedGpus(Path folder) {
  private static final String JCUDA = "lib/libJCudaDriver-12.6.0-linux-x86_64.so";
  private static final String JAVACPP = "org/bytedeco/cuda/linux-x86_64/";

  /** Builds the driver; skips the test, visibly, where that can't be done. */
  static SimulatedGpus withDriver(Path folder) throws Exception {
    Assumptions.assumeTrue(
        Files.isExecutable(Path.of("/usr/bin/gcc")) && Files.isExecutable(Path.of("/usr/bin/nm")),
        "the simulated CUDA driver is built by gcc and nm: install them");
    SimulatedGpus gpus = new SimulatedGpus(folder);
    gpus.build("device-cuda", folder.toString(), gpus.unpack(JCUDA));
    return gpus;
  }

  /** Builds NCCL, too. */
  static SimulatedGpus withNccl(Path folder) throws Exception {
    SimulatedGpus gpus = withDriver(folder);
    gpus.build(
        "collective-nccl",
        folder.toString(),
        folder.toString(),
        gpus.unpack(JAVACPP + "libjnicudart.so"),
        gpus.unpack(JAVACPP + "libjninccl.so"));
    return gpus;
  }

  private String unpack(String resource) throws IOException {
    Path library = folder.resolve(Path.of(resource).getFileName());
    try (InputStream in = ClassLoader.getSystemResourceAsStream(resource)) {
      Assumptions.assumeTrue(in != null, "there is no " + resource + " for this platform");
      Files.copy(in, library);
    }
    return library.toString();
  }

  private void build(String module, String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of("..", module, "src", "test", "c", "build").toString());
    command.addAll(List.of(arguments));
    run(command);
  }

  /** Runs a subcommand, well; returns what it printed. */
  String fst(String... arguments) throws Exception {
    return java("io.fastsafetensors.cli.Main", arguments);
  }

  /** Runs a main class, well; returns what it printed. */
  String java(String program, String... arguments) throws Exception {
    String cache = "-Dorg.bytedeco.javacpp.cachedir=" + folder.resolve("javacpp");
    List<String> command = StartCache.java(List.of(cache), program);
    command.addAll(List.of(arguments));
    return run(command);
  }

  private String run(List<String> command) throws Exception {
    Path output = folder.resolve("output");
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("LD_LIBRARY_PATH", folder.toString());
    Process process = builder.redirectErrorStream(true).redirectOutput(output.toFile()).start();
    boolean ended = process.waitFor(1, TimeUnit.MINUTES);
    process.destroyForcibly();
    String printed = Jvm.withoutHeartbeats(Files.readString(output));
    assertThat(ended).as(printed).isTrue();
    assertThat(process.exitValue()).as(printed).isZero();
    return printed;
  }
}
