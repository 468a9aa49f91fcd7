// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.SafetensorsHeader;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.format.TensorInfo;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What programs see of files before they load any; there is no backend here. */
class LoaderTests {
  @TempDir private Path folder;
  private Path first;
  private Path second;

  @BeforeEach
  void writeFiles() throws IOException {
    first = write("model-00001-of-00002.safetensors", "w", "b");
    second = write("model-00002-of-00002.safetensors", "a");
  }

  private Path write(String file, String... tensors) throws IOException {
    SafetensorsWriter writer = new SafetensorsWriter().metadata("format", file);
    for (String name : tensors) {
      writer.add(name, DType.U8, Shape.of(2, 3), MemorySegment.ofArray(new byte[6]));
    }
    Path path = folder.resolve(file);
    writer.write(path);
    return path;
  }

  @Test
  void opensAFileSeveralAFolderOrAnIndex() throws LoadException, IOException {
    try (Loader loader = Loader.open(second)) {
      assertThat(loader.keys()).containsExactly("a");
      assertThat(loader.explain().device()).isEqualTo(Device.CPU);
      assertThat(loader).hasToString("Loader for cpu (files: 1)");
    }
    try (Loader loader = Loader.open(second, first)) {
      assertThat(loader.keys()).first().isEqualTo("a");
      assertThat(loader.keys()).hasSize(3);
    }
    try (Loader loader = Loader.open(folder)) {
      assertThat(loader.files()).extracting(SafetensorsHeader::path).containsExactly(first, second);
    }
    Path index = folder.resolve("model.safetensors.index.json");
    Files.writeString(index, "{\"weight_map\":{\"a\":\"" + second.getFileName() + "\"}}");
    try (Loader loader = Loader.open(index)) {
      assertThat(loader.keys()).containsExactly("a");
    }
  }

  @Test
  void opensForADevice() throws LoadException {
    try (Loader loader = Loader.open(Device.cuda(3), first)) {
      assertThat(loader.explain().device()).hasToString("cuda:3");
      assertThat(loader.keys()).hasSize(2);
    }
  }

  @Test
  void refusesWhatIsNotThere() {
    Path missing = folder.resolve("missing.safetensors");
    assertThatExceptionOfType(LoadException.class)
        .isThrownBy(() -> Loader.open(first, missing))
        .withMessageContaining(missing.toString());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Loader.open(first, first))
        .withMessageContaining("was added before");
    assertThatIllegalArgumentException()
        .isThrownBy(Loader::open)
        .withMessageStartingWith("no path");
  }

  @Test
  void listsTensorsAndFilesBeforeAnythingIsLoaded() throws LoadException {
    try (Loader loader = Loader.builder().build().addFiles(second, first)) {
      List<TensorInfo> tensors = loader.tensors();
      assertThat(tensors)
          .extracting(TensorInfo::name)
          .containsExactlyElementsOf(loader.keys())
          .startsWith("a");
      assertThat(tensors.getFirst()).isEqualTo(loader.info("a"));
      assertThat(loader.files()).extracting(SafetensorsHeader::path).containsExactly(second, first);
      assertThat(loader.files().getFirst().metadata())
          .containsEntry("format", "model-00002-of-00002.safetensors");
      assertThatExceptionOfType(UnsupportedOperationException.class)
          .isThrownBy(() -> tensors.removeFirst());
      loader.reset();
      assertThat(loader.tensors()).isEmpty();
      assertThat(loader.files()).isEmpty();
    }
    Loader closed = Loader.open(first);
    closed.close();
    assertThatIllegalStateException().isThrownBy(closed::tensors);
    assertThatIllegalStateException().isThrownBy(closed::files);
  }

  @Test
  void filesWithoutARankAreDealtOut() throws Exception {
    Path third = write("third.safetensors", "c");
    ProcessGroup group = ProcessGroup.local(3).get(1);
    try (group;
        Loader loader = Loader.builder().group(group).build()) {
      loader.addFiles(first).addFiles(second, third);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> loader.addFiles(third))
          .withMessageContaining("was added before");
    }
    assertThat(group).hasToString("rank 1 of 3, by no launcher, for cpu");
    assertThat(group.localRank()).isEqualTo(1);
    assertThat(group.launcher()).isEmpty();
  }
}
