// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.Checkpoint;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.FileReport;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.format.SafetensorsHeader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A checkpoint in a folder, and what it digests to there by the CPU backend. */
abstract class SourcesFixture {
  static final LoadOptions SMALL_BLOCKS =
      LoadOptions.builder().blockBytes(1 << 20).threads(4).build();
  static final LoadOptions COPIED = SMALL_BLOCKS.toBuilder().path(AccessPath.COPIED).build();

  @TempDir Path folder;

  SourceFolder local;
  Map<String, String> wanted;

  @BeforeEach
  void writeCheckpoint() throws Exception {
    local = SourceFolder.write(folder.resolve("model"));
    wanted = SourceFolder.digests(local.path(), LoadOptions.builder().backend("cpu").build());
    assertThat(wanted).hasSize(5);
  }

  /** The JDK's zip file system leaves such files beside the archive while it has them open. */
  @AfterEach
  void nothingIsLeft() throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      assertThat(files).noneMatch(file -> file.getFileName().toString().startsWith("zipfstmp"));
    }
  }

  void assertLoads(Path checkpoint) throws Exception {
    assertThat(SourceFolder.digests(checkpoint, SMALL_BLOCKS)).isEqualTo(wanted);
    assertThat(SourceFolder.digests(checkpoint, COPIED)).isEqualTo(wanted);
    Path first = checkpoint.resolve(SourceFolder.FIRST);
    assertThat(SafetensorsHeader.read(first).tensors()).hasSize(3);
    assertThat(Checkpoint.find(checkpoint).headers()).hasSize(2);
    try (Loader loader = Loader.open(first);
        FileBuffer buffer = loader.load()) {
      FileReport report = buffer.report().files().getFirst();
      assertThat(report.backend()).isEqualTo("cpu");
      assertThat(report.reason()).asString().contains("posix: ", "doesn't know");
    }
  }
}
