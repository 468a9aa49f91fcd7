// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.toolkit.device.HostMemory;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * NVIDIA's assembler takes every kernel, for old devices and new ones. It comes with the CUDA
 * toolkit; the environment variable {@code PTXAS} may name it.
 */
@Tag("gpu")
class AssemblerTests {
  /** In one file there is one header, and all names differ. */
  private static final int HEADER_LINES = 3;

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"sm_50", "sm_75", "sm_90", "sm_120"})
  void everyKernelAssembles(String architecture) throws Exception {
    String ptxas = ptxas().map(Path::toString).orElse("");
    Assumptions.assumeFalse(
        ptxas.isEmpty(), "ptxas is not on PATH: install the CUDA toolkit, or set PTXAS");
    Assumptions.assumeTrue(
        run(ptxas, "--help").contains(architecture), ptxas + " doesn't know " + architecture);
    Path text = Files.writeString(folder.resolve("kernels.ptx"), all());
    Path code = folder.resolve("kernels.cubin");
    String said = run(ptxas, "-arch=" + architecture, "-o", code.toString(), text.toString());
    assertThat(code).as(said).isNotEmptyFile();
  }

  private static Optional<Path> ptxas() {
    return Stream.concat(
            Optional.ofNullable(System.getenv("PTXAS")).map(Path::of).stream(),
            Arrays.stream(System.getenv("PATH").split(File.pathSeparator, -1))
                .map(place -> Path.of(place, "ptxas")))
        .filter(Files::isExecutable)
        .findFirst();
  }

  private static String all() {
    List<KernelText> kernels =
        Stream.of(DType.values()).flatMap(AssemblerTests::kernelsFrom).toList();
    String header =
        kernels.getFirst().text().lines().limit(HEADER_LINES).collect(Collectors.joining("\n"));
    return kernels.stream()
        .map(kernel -> kernel.text().replace("table", "table_" + kernel.name()))
        .flatMap(text -> text.lines().skip(HEADER_LINES))
        .collect(Collectors.joining("\n", header + "\n", "\n"));
  }

  private static Stream<KernelText> kernelsFrom(DType from) {
    return Stream.of(DType.values())
        .filter(to -> to != from && HostMemory.canConvert(from, to))
        .flatMap(to -> Stream.of(new KernelText(from, to, true), new KernelText(from, to, false)));
  }

  private static String run(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return printed;
  }
}
