// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.fastsafetensors.Checkpoint.LeftOut;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.SafetensorsHeader;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.internal.plan.LeftOutReasons;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Programs see what a folder is by the rule of the loader; the command line tries the rule. */
class CheckpointTests {
  @TempDir private Path folder;

  private static Path weights(Path file, String tensor) throws IOException {
    new SafetensorsWriter()
        .add(tensor, DType.U8, Shape.of(1), MemorySegment.ofArray(new byte[1]))
        .write(file);
    return file;
  }

  @Test
  void tellsFilesAndWhatIsLeftOut() throws IOException {
    Path shard = weights(folder.resolve("m-1-of-1.safetensors"), "a");
    Path stray = weights(folder.resolve("stray.safetensors"), "b");
    Path other = Files.createFile(folder.resolve("config.json"));
    Path part = Files.createFile(folder.resolve("x.safetensors.part"));
    Path hidden = Files.createFile(folder.resolve(".gitattributes"));
    Path index = folder.resolve("m.safetensors.index.json");
    Files.writeString(index, "{\"weight_map\": {\"a\": \"m-1-of-1.safetensors\"}}");
    Checkpoint found = Checkpoint.find(folder);
    assertThat(found.path()).isEqualTo(folder);
    assertThat(found.index()).contains(index);
    assertThat(found.files()).containsExactly(shard);
    assertThat(found.faults()).isEmpty();
    assertThat(found.leftOut())
        .containsExactly(
            LeftOut.of(hidden, LeftOutReasons.HIDDEN),
            LeftOut.of(other, LeftOutReasons.OTHER_NAME),
            LeftOut.of(stray, LeftOutReasons.NOT_IN_INDEX),
            LeftOut.of(part, LeftOutReasons.UNFINISHED_DOWNLOAD));
    assertThat(found.headers()).singleElement().returns(shard, SafetensorsHeader::path);
    assertThat(found).hasToString("Checkpoint " + folder + " (1 file)");
    assertThat(Checkpoint.allIn(folder))
        .extracting(Checkpoint::path)
        .containsExactly(index, folder.resolve("m-*-of-1.safetensors"), folder);
  }

  @Test
  void headersAreReadInTimeOrNotAtAll() throws IOException {
    Checkpoint found = Checkpoint.find(weights(folder.resolve("a.safetensors"), "a"));
    assertThat(found.headers(Duration.ofMinutes(1))).hasSize(1);
    assertThatExceptionOfType(LoadCancelledException.class)
        .isThrownBy(() -> found.headers(Duration.ofNanos(1)))
        .returns(true, LoadCancelledException::timedOut);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> found.headers(Duration.ZERO))
        .withMessageContaining("timeout");
  }

  @Test
  void tellsEveryFault() throws IOException {
    weights(folder.resolve("m-2-of-1000000.safetensors"), "a");
    Checkpoint found = Checkpoint.find(folder);
    assertThat(found.faults()).hasSizeBetween(2, 100);
    assertThat(found.faults().getFirst())
        .hasMessage(
            folder.resolve("m-1-of-1000000.safetensors")
                + " is missing: 1 of the 1000000 files of its set are there");
    assertThatExceptionOfType(LoadException.class)
        .isThrownBy(found::headers)
        .withMessageStartingWith(found.faults().getFirst().getMessage())
        .withMessageContaining("m-3-of-1000000.safetensors is missing")
        .withMessageMatching("(?s).*; and \\d+ more");
  }

  /** Names in an index are of the file system that the index is in. */
  @Test
  void otherFileSystemsHaveCheckpointsAndFailures() throws IOException {
    weights(folder.resolve("w"), "a");
    FileSystem zip = FileSystems.newFileSystem(folder.resolve("m.zip"), Map.of("create", "true"));
    Path inside = Files.createDirectory(zip.getPath("/m"));
    try (zip) {
      Path shard = Files.copy(folder.resolve("w"), inside.resolve("m-1-of-1.safetensors"));
      Path index = inside.resolve("m.safetensors.index.json");
      Files.writeString(index, "{\"weight_map\": {\"a\": \"m-1-of-1.safetensors\"}}");
      assertThat(Checkpoint.find(inside).files()).containsExactly(shard);
      assertThat(Checkpoint.find(index).headers()).hasSize(1);
      Files.delete(index);
      assertThat(Checkpoint.find(inside).files()).isEqualTo(List.of(shard));
    }
    assertThatExceptionOfType(LoadException.class)
        .isThrownBy(() -> Checkpoint.find(inside))
        .withMessageContaining("/m");
    assertThatExceptionOfType(LoadException.class)
        .isThrownBy(() -> Checkpoint.allIn(inside))
        .withMessageContaining("/m");
  }
}
