// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.format;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damaged headers are accepted or refused; nothing else happens, in a small heap. */
@Tag("slow")
class HeaderFuzzTests {
  private static final String HEADERS = "120000";
  private static final String SEED = "20260101";
  private static final int DEADLINE_MINUTES = 5;

  @TempDir private Path folder;

  @Test
  void onlyAcceptsOrRefusesInAHeapOf24MiB() throws Exception {
    Path output = folder.resolve("output");
    Process fuzz =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElseThrow(),
                "-Xmx24m",
                "-cp",
                classPath(),
                HeaderFuzz.class.getName(),
                HEADERS,
                SEED)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      assertThat(fuzz.waitFor(DEADLINE_MINUTES, TimeUnit.MINUTES)).as("ended in time").isTrue();
      assertThat(fuzz.exitValue()).as(() -> read(output)).isZero();
    } finally {
      fuzz.destroyForcibly();
    }
  }

  private static String classPath() {
    return Stream.of(HeaderReader.class, HeaderFuzz.class, JsonFactory.class)
        .map(HeaderFuzzTests::location)
        .collect(Collectors.joining(File.pathSeparator));
  }

  /** The folder or jar that a class is from; of a patched module, the patch if it is from there. */
  private static String location(Class<?> type) {
    String file = type.getName().replace('.', '/') + ".class";
    String url =
        Objects.requireNonNull(type.getResource("/" + file), file)
            .toString()
            .replaceFirst("^jar:", "")
            .replaceFirst("!?/" + file + "$", "");
    return Path.of(URI.create(url)).toString();
  }

  private static String read(Path output) {
    try {
      return Files.readString(output, StandardCharsets.UTF_8);
    } catch (IOException e) {
      return e.toString();
    }
  }
}
