// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.testkit.SampleFile;
import io.fastsafetensors.testkit.SampleFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The bytes are the same on every file system, whether it reads past the page cache or not. */
class FileSystemsTests {
  private static final long MIB = 1 << 20;

  @TempDir Path scratch;

  @ParameterizedTest
  @ValueSource(strings = {"tmpfs", "overlay", "ext4", "xfs"})
  void everyWayBringsTheSameBytes(String kind) throws IOException {
    try (MountedFolder mounted = MountedFolder.mount(kind, scratch);
        Loads loads = new Loads()) {
      Path path = mounted.folder().resolve("f");
      SampleFile file = SampleFiles.write(path, 9 * MIB + 4097, 1);
      loads.blockBytes = MIB;
      for (AccessPath way : AccessPath.values()) {
        for (DirectMode mode : DirectMode.values()) {
          loads.path = way;
          loads.direct = mode;
          loads.check(file);
          if (!kind.equals("tmpfs")) { // which is nothing but page cache
            CachedParts.warmOnly(path, 4 * MIB);
            loads.check(file);
          }
        }
      }
      Files.delete(path);
    }
  }
}
