// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.Loader;
import io.fastsafetensors.format.LoadException;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The listener that docs/events.md shows. */
class LoadMetersTests {
  @TempDir private Path folder;

  @Test
  void loadsAreCountedWithTheirBytesAndFailures() throws Exception {
    ReadmeProgram.writeSamples(folder);
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    try (Loader loader = Loader.builder().listener(new LoadMeters(registry)).open(folder)) {
      loader.keys(); // headers are known before the files are broken
      long read;
      try (FileBuffer buffer = loader.load()) {
        read =
            buffer.report().files().stream()
                .flatMap(file -> file.bytesByPath().values().stream())
                .mapToLong(b -> b)
                .sum();
      }
      assertThat(bytes(registry)).isEqualTo((double) read).isPositive();
      Files.write(folder.resolve("a.safetensors"), new byte[3]);
      assertThatExceptionOfType(LoadException.class).isThrownBy(loader::load);
    }
    assertThat(registry.get("fst.loads.begun").counter().count()).isEqualTo(2);
    assertThat(registry.get("fst.loads").tag("outcome", "succeeded").timer().count()).isOne();
    assertThat(registry.get("fst.loads").tag("outcome", "failed").timer().count()).isOne();
  }

  private static double bytes(SimpleMeterRegistry registry) {
    return registry.get("fst.bytes").tag("kind", "read").counters().stream()
        .mapToDouble(Counter::count)
        .sum();
  }
}
