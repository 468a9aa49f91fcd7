// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.backend.posix.memory.LinuxContext;
import io.fastsafetensors.testkit.SampleFile;
import io.fastsafetensors.testkit.SampleFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A file to load while the system fails; afterwards nothing may be open. */
abstract class FaultFixture {
  static final long MIB = 1 << 20;

  final Loads loads = new Loads();
  SampleFile file;

  @TempDir Path folder;

  private CountingFaults faults = new CountingFaults();

  @BeforeEach
  void write() throws IOException {
    file = SampleFiles.write(folder.resolve("f"), 9 * MIB + 77, 3);
    loads.blockBytes = MIB;
    with(faults);
  }

  /** Loads with what may fail; afterwards nothing may be open. */
  final void with(CountingFaults libc) {
    faults = libc;
    loads.context.close();
    loads.libc = libc;
    loads.context = new LinuxContext(libc, OptionalInt.empty(), 1L << 30);
  }

  @AfterEach
  void nothingIsOpen() {
    loads.close();
    assertThat(faults.openFiles).hasValue(0);
    assertThat(faults.mappedBytes).hasValue(0);
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.getName().startsWith("fastsafetensors-posix"));
  }
}
