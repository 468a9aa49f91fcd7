// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.UnsupportedTransferException;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.testkit.SampleFile;
import io.fastsafetensors.testkit.SampleFiles;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is to be written is copied: the JDK has no mapping for it that leaves the file alone. */
class WritableTests {
  @TempDir Path folder;

  private static IoOptions options(AccessPath path) {
    return Session.options(path, 0, new RecordingMonitor()).toBuilder().writable(true).build();
  }

  @Test
  void theChoiceIsACopy() throws IOException {
    SampleFile file = SampleFiles.write(folder.resolve("a"), 100_000, 1);
    try (Session session = Session.open(options(AccessPath.AUTO))) {
      LoadedRanges loaded = session.load(file.whole());
      Session.assertLoaded(file, file.whole(), loaded);
      assertThat(loaded.buffers().getFirst().host().orElseThrow().isReadOnly()).isFalse();
      assertThat(loaded.stats().bytesByPath()).containsOnlyKeys(TransferPath.BUFFERED);
      assertThat(loaded.stats().reason().toString()).startsWith("copied: to be written");
    }
  }

  @Test
  void aMappingIsRefused() throws IOException {
    SampleFile file = SampleFiles.write(folder.resolve("a"), 100_000, 1);
    try (Session session = Session.open(options(AccessPath.MAPPED))) {
      assertThatExceptionOfType(UnsupportedTransferException.class)
          .isThrownBy(() -> session.load(file.whole()))
          .withMessageContaining("use the backend posix, or path AUTO or COPIED");
    }
  }
}
