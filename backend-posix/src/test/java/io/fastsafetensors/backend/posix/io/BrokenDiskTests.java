// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.TransferException;
import io.fastsafetensors.testkit.SampleFile;
import io.fastsafetensors.testkit.SampleFiles;
import java.io.IOException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A disk whose blocks the kernel can't read: a file system in an image that was cut. */
class BrokenDiskTests extends FaultFixture {
  private static final long BYTES = 64 * MIB;

  /** Enough for what the file system itself has to read, and for the file's begin. */
  private static final long LEFT = 24 * MIB;

  private SampleFile broken;

  @BeforeEach
  void slowly() {
    loads.threads = 2;
  }

  @ParameterizedTest
  @EnumSource(DirectMode.class)
  void blockThatCannotBeCopiedIsAnErrorWithItsPlace(DirectMode mode) throws IOException {
    loads.direct = mode;
    assertFails();
  }

  @Test
  void blockThatCannotBeMappedIsAnErrorWithItsPlace() throws IOException {
    loads.path = AccessPath.MAPPED;
    assertFails();
  }

  private void assertFails() throws IOException {
    try (MountedFolder disk = MountedFolder.mount("ext4", folder)) {
      broken = SampleFiles.write(disk.folder().resolve("broken"), BYTES, 1);
      CachedParts.evict(broken.path());
      disk.breakDisk(LEFT);
      assertThatExceptionOfType(TransferException.class)
          .isThrownBy(() -> loads.load(broken.whole()))
          .withMessageMatching(
              ".*broken: pread: EIO, input/output error \\(backend posix, \\d+ bytes at \\d+\\)");
      nothingIsOpen(); // or the disk could not be unmounted
    }
    assertThat(folder.resolve("mounted")).isEmptyDirectory();
  }
}
