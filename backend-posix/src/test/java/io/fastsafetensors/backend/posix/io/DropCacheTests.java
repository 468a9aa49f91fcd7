// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.DirectMode;
import io.fastsafetensors.testkit.SampleFile;
import io.fastsafetensors.testkit.SampleFiles;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The property {@code posix.drop-cache}. */
class DropCacheTests {
  private static final long MIB = 1 << 20;

  private final Loads loads = new Loads();
  private SampleFile file;

  @TempDir Path folder;

  @BeforeEach
  void write() throws IOException {
    file = SampleFiles.write(folder.resolve("f"), 16 * MIB + 100, 1);
    loads.direct = DirectMode.OFF;
  }

  @AfterEach
  void close() {
    loads.close();
  }

  @Test
  void bufferedReadsStayCachedUnlessAsked() throws IOException {
    CachedParts.evict(file.path());
    loads.check(file);
    assertThat(CachedParts.pages(file.path(), 0, 0)).isPositive();
  }

  @Test
  void whatTheLoadBroughtInIsDropped() throws IOException {
    loads.properties.put("posix.drop-cache", "true");
    CachedParts.evict(file.path());
    loads.check(file);
    assertThat(CachedParts.pages(file.path(), 0, 0)).isZero();
  }

  @Test
  void whatWasThereBeforeStays() throws IOException {
    loads.properties.put("posix.drop-cache", "true");
    long stayed = 0;
    // Whatever else runs on this machine may empty the page cache meanwhile: then try again.
    for (int i = 0; i < 3 && stayed == 0; i++) {
      CachedParts.warmOnly(file.path(), 8 * MIB);
      loads.check(file);
      stayed = CachedParts.pages(file.path(), 0, 8 * MIB);
    }
    assertThat(stayed).isEqualTo(8 * MIB / 4096);
    assertThat(CachedParts.pages(file.path(), 8 * MIB, 0)).isZero();
  }
}
