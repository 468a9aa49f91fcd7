// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.dlpack;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * numpy in one process with a JVM, where a Python has both. The interpreter is that of the
 * environment variable DLPACK_PYTHON, or {@code python3}. {@code scripts/dlpack-consumers} tries
 * torch and jax, too.
 */
@Tag("slow")
class PythonConsumersTests {
  private static final String PYTHON =
      Objects.requireNonNullElse(System.getenv("DLPACK_PYTHON"), "python3");

  @TempDir private Path folder;

  @Test
  @Timeout(300)
  void numpyTakesAndGivesTensors() throws IOException, InterruptedException {
    assumeHas("jpype");
    assumeHas("numpy");
    assumeHas("safetensors");
    String output =
        run(
            "src/test/python/consumers.py",
            Stream.of("java.class.path", "jdk.module.path")
                .map(System::getProperty)
                .filter(path -> path != null && !path.isEmpty())
                .collect(Collectors.joining(File.pathSeparator)),
            folder.toString(),
            "numpy");
    assertThat(output).contains("checks of numpy, 0 failed");
  }

  private void assumeHas(String module) throws IOException, InterruptedException {
    Optional<String> missing;
    try {
      String output = run("-c", "import " + module + "; print('there')");
      missing = output.contains("there") ? Optional.empty() : Optional.of(output);
    } catch (IOException e) {
      missing = Optional.of(String.valueOf(e.getMessage()));
    }
    Assumptions.assumeTrue(
        missing.isEmpty(),
        PYTHON + " has no " + module + ": see scripts/dlpack-consumers, and set DLPACK_PYTHON");
  }

  private String run(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(PYTHON, "-u"));
    command.addAll(List.of(arguments));
    Path output = folder.resolve("output");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
    builder.environment().put("PYTHONPATH", Path.of("src", "main", "python").toString());
    builder.environment().put("PYTHONDONTWRITEBYTECODE", "1");
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    Process process = builder.start();
    if (!process.waitFor(240, TimeUnit.SECONDS)) {
      process.destroyForcibly();
    }
    return Files.readString(output);
  }
}
