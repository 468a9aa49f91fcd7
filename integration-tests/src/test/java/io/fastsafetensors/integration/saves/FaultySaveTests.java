// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.saves;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fastsafetensors.CheckpointSave;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.SaveOptions;
import io.fastsafetensors.integration.SystemCommand;
import io.fastsafetensors.integration.fuse.FaultyDisk;
import io.fastsafetensors.integration.parts.ThreadRanks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Disks that fail at any step of a save leave the old checkpoint, and nothing else. */
@Tag("root")
@Timeout(120)
class FaultySaveTests {
  @TempDir private Path temp;
  private Path source;
  private Path mount;
  private Map<String, byte[]> before;

  @BeforeEach
  void makeOld() throws IOException {
    source = Files.createDirectory(temp.toRealPath().resolve("source"));
    mount = temp.toRealPath().resolve("mount");
    new Generation(1, 2).save(source);
    before = GroupSet.contents(source);
  }

  private void assertOldIsWhole() throws IOException {
    assertThat(GroupSet.contents(source)).containsExactlyInAnyOrderEntriesOf(before);
    assertThat(Generation.read(source)).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource({
    "create  .new               EIO    0,     3, Input/output error: the disk fails",
    "create  .new               EDQUOT 2,     3, Disk quota exceeded: make room",
    "create  .new               EROFS  0,     1, Read-only file system",
    "write   .json              EIO    0,     3, Input/output error",
    "write   .tmp               EIO    0,     3, Input/output error",
    "write   .tmp               EIO    70000, 3, 'of-00003.safetensors: Input/output error: '",
    "write   .tmp               EDQUOT 70000, 3, Disk quota exceeded",
    "write   .tmp               ENOSPC 70000, 1, No space left on device: make room",
    "fsync   .tmp               EIO    0,     1, Input/output error",
    "fsync   .tmp               EIO    2,     3, 'of-00003.safetensors: Input/output error: '",
    "fsync   .tmp               EIO    3,     3, Input/output error",
    "rename  00003.safetensors  EIO    1,     3, Input/output error",
    "rename  index.json         EIO    0,     3, Input/output error",
    "rename  model.safetensors  EIO    0,     1, Input/output error",
  })
  void aCallThatFails(String fault, int shards, String message) throws Exception {
    for (DirectMode direct : new DirectMode[] {DirectMode.OFF, DirectMode.ON}) {
      Generation next = new Generation(2, shards);
      try (FaultyDisk _ = FaultyDisk.mount(source, mount, fault.replaceAll(" +", " "))) {
        SaveOptions options = next.options().direct(direct).build();
        assertThatIOException()
            .isThrownBy(() -> next.save(mount, options))
            .withMessageStartingWith("can't save to " + mount + ": ")
            .withMessageContaining(message);
      }
      assertOldIsWhole();
    }
    new Generation(2, 2).save(source);
    assertThat(GroupSet.contents(source)).containsOnlyKeys(before.keySet());
  }

  @Test
  void aCallThatFailsInAGroup() throws Exception {
    try (FaultyDisk _ = FaultyDisk.mount(source, mount, "write .tmp EDQUOT 70000")) {
      for (Optional<Throwable> thrown :
          ThreadRanks.run(
              2,
              group -> {
                Generation next = new Generation(2, 3);
                try (CheckpointSave save = next.begin(group, mount, next.options().build())) {
                  save.finish();
                }
              })) {
        assertThat(thrown).isPresent();
        assertThat(thrown.orElseThrow()).hasMessageContaining("Disk quota exceeded");
      }
    }
    assertOldIsWhole();
  }

  /** Without links, files keep the names that they got first. */
  @Test
  void linksThatFail() throws Exception {
    Generation next = new Generation(2, 2);
    try (FaultyDisk _ = FaultyDisk.mount(source, mount, "link .tmp EPERM 0")) {
      assertThat(next.save(mount).notes().toString()).contains("keep names with a tag");
      assertThat(Generation.read(mount)).isEqualTo(2);
    }
    new Generation(3, 2).save(source);
    assertThat(GroupSet.contents(source)).containsOnlyKeys(before.keySet());
  }

  @Test
  void aFileSystemThatIsReadOnly() throws Exception {
    Files.createDirectory(mount);
    assumeTrue(
        SystemCommand.run("mount", "--bind", source.toString(), mount.toString()) == 0,
        "can't mount a folder elsewhere: it takes root");
    try {
      assertThat(SystemCommand.run("mount", "-o", "remount,ro,bind", mount.toString())).isZero();
      assertThatIOException()
          .isThrownBy(() -> new Generation(2, 3).save(mount))
          .withMessageStartingWith("can't save to " + mount + ": ")
          .withMessageContaining("isn't writable for this process");
      assertOldIsWhole();
    } finally {
      assertThat(SystemCommand.run("umount", mount.toString())).isZero();
    }
  }
}
