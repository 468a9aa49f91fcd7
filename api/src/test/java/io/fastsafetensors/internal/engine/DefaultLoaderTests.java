// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.LoadReport;
import io.fastsafetensors.Loader;
import io.fastsafetensors.PluginReport;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.TensorOptions;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.HeaderFormatException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A loader knows its files, loads them as often as asked, and ends with the last user. */
class DefaultLoaderTests {
  @TempDir private Path folder;
  private final Bench bench = new Bench();
  private Samples a;
  private Samples b;

  @BeforeEach
  void writeFiles() throws IOException {
    a =
        new Samples(folder.resolve("a.safetensors"))
            .with("a0", DType.F32, 4, 3)
            .with("a1", DType.U8, 5)
            .metadata("from", "a")
            .write();
    b =
        new Samples(folder.resolve("b.safetensors"))
            .with("b0", DType.F16, 2, 2)
            .with("b1", DType.U8, 0, 3)
            .write();
  }

  @AfterEach
  void nothingIsLeft() {
    bench.ledger.assertAllClosedOnce();
  }

  @Test
  void loadsEveryTensorOfEveryFile() throws IOException {
    try (Loader loader = bench.loader().addFiles(0, List.of(b.path, a.path));
        FileBuffer buffer = loader.load()) {
      assertThat(loader.keys()).containsExactly("b0", "b1", "a0", "a1");
      assertThat(buffer.keys()).isEqualTo(loader.keys());
      for (Samples file : List.of(a, b)) {
        for (Map.Entry<String, byte[]> expected : file.bytes.entrySet()) {
          Tensor tensor = buffer.tensor(expected.getKey());
          assertThat(Samples.bytesOf(tensor)).as(tensor.name()).isEqualTo(expected.getValue());
          assertThat(buffer.file(tensor.name())).isEqualTo(file.path);
        }
      }
      assertThat(buffer.tensor("b1").shape()).isEqualTo(Shape.of(0, 3));
      assertThat(buffer.metadata(a.path)).isEqualTo(Map.of("from", "a"));
      assertThat(buffer.metadata(b.path)).isEmpty();
      assertThat(buffer.info("a0")).isEqualTo(loader.info("a0"));
    }
  }

  /** Headers are read several at a time; what is said must not depend on which comes first. */
  @Test
  void namesTheFirstOfSeveralBrokenFiles() throws IOException {
    List<Path> files = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      Path file = folder.resolve(i + ".safetensors");
      new Samples(file).with("t" + i, DType.U8, i).write();
      files.add(file);
    }
    try (Loader loader = bench.loader().addFiles(0, files)) {
      assertThat(loader.keys()).hasSize(40).startsWith("t0", "t1").endsWith("t39");
      for (int broken = 39; broken > 0; broken -= 2) {
        Files.write(files.get(broken), new byte[broken % 8]);
        loader.reset().addFiles(0, files);
        assertThatExceptionOfType(HeaderFormatException.class)
            .isThrownBy(loader::keys)
            .withMessageContaining(files.get(broken).toString());
      }
    }
  }

  @Test
  void readsOnlyWhatTheFilterWants() throws IOException {
    try (Loader loader = bench.loader().addFiles(0, List.of(a.path, b.path));
        FileBuffer buffer = loader.load(LoadOptions.builder().filter("*1", "b1").build())) {
      assertThat(buffer.keys()).containsExactly("a1", "b1");
      assertThat(buffer.report().bytes()).isEqualTo(5);
      assertThat(bench.ledger.openBytes()).isEqualTo(5);
      assertThatExceptionOfType(NoSuchElementException.class)
          .isThrownBy(() -> buffer.tensor("a0"))
          .withMessage(
              "tensor 'a0' was left out by the load's filter or selection; " + a.path + " has it");
      assertThatExceptionOfType(NoSuchElementException.class)
          .isThrownBy(() -> buffer.info("a2"))
          .withMessage("no tensor 'a2'; the nearest of 2: 'a1', 'b1'");
    }
  }

  @Test
  void aFilterThatNothingPassesIsAnErrorThatNamesTheNearest() throws IOException {
    try (Loader loader = bench.loader().addFiles(0, List.of(a.path, b.path))) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> loader.load(LoadOptions.builder().filter("c1*", "[b]0").build()))
          .withMessageContaining("filter: no tensor matches 'c1*', '[b]0'; the nearest of 4: 'a1'")
          .withMessageContaining("the nearest of 4: 'b0'")
          .withMessageEndingWith("; * is any characters and ? is one");
      assertThat(bench.first.submitted).isEmpty();
      assertThat(bench.ledger.opened("context")).isZero();
    }
  }

  @Test
  void aGlobThatMatchesNothingBesideOneThatDoesIsAnErrorThatNamesItAlone() throws IOException {
    try (Loader loader = bench.loader().addFiles(0, List.of(a.path))) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> loader.load(LoadOptions.builder().filter("a*", "bo*").build()))
          .withMessageStartingWith("filter: no tensor matches 'bo*'; the nearest of 2: 'a0', 'a1'");
      loader.load(LoadOptions.builder().filter("a*", "a0").build()).close();
    }
  }

  @Test
  void isReusable() throws IOException {
    try (Loader loader = bench.loader().addFiles(0, List.of(a.path))) {
      FileBuffer first = loader.load();
      assertThat(loader.reset().addFiles(0, List.of(b.path)).keys()).containsExactly("b0", "b1");
      try (first;
          FileBuffer second = loader.load()) {
        assertThat(Samples.bytesOf(first.tensor("a0"))).isEqualTo(a.bytes.get("a0"));
        assertThat(Samples.bytesOf(second.tensor("b0"))).isEqualTo(b.bytes.get("b0"));
      }
      assertThat(bench.ledger.opened("context")).as("devices opened").isEqualTo(1);
      loader.reset().addFiles(0, List.of(a.path, b.path));
      try (FileBuffer third = loader.load()) {
        assertThat(third.keys()).hasSize(4);
      }
    }
  }

  @Test
  void addingFilesAfterKeysReadsTheNewHeaders() throws IOException {
    try (Loader loader = bench.loader().addFiles(0, List.of(a.path))) {
      assertThat(loader.keys()).containsExactly("a0", "a1");
      loader.addFiles(0, List.of(b.path));
      assertThat(loader.keys()).containsExactly("a0", "a1", "b0", "b1");
    }
  }

  @Test
  void convertsWhileLoading() throws IOException {
    Samples c =
        new Samples(folder.resolve("c.safetensors"))
            .with("f", DType.F32, Shape.of(3), Samples.floats(1, -2, 0.5f))
            .write();
    LoadOptions options = LoadOptions.builder().dtype(DType.F16).build();
    try (Loader loader = bench.loader().addFiles(0, List.of(c.path));
        FileBuffer buffer = loader.load(options)) {
      Tensor tensor = buffer.tensor("f");
      assertThat(tensor.dtype()).isEqualTo(DType.F16);
      assertThat(tensor.isView()).isTrue();
      assertThat(Samples.bytesOf(tensor)).isEqualTo(new byte[] {0, 0x3C, 0, (byte) 0xC0, 0, 0x38});
      assertThat(bench.ledger.openBytes()).as("bytes held after the conversion").isEqualTo(6);
      assertThat(buffer.info("f").dtype()).as("in the file").isEqualTo(DType.F32);
    }
  }

  @Test
  void refusesToConvertToALargerTypeBeforeReading() throws IOException {
    try (Loader loader = bench.loader().addFiles(0, List.of(b.path))) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> loader.load(LoadOptions.builder().dtype(DType.F32).build()))
          .withMessageContaining("'b0' F16 [2, 2] can't be converted to the larger F32");
      assertThat(bench.first.submitted).isEmpty();
    }
  }

  @Test
  void convertsWhenGettingAlsoToALargerType() throws IOException {
    try (Loader loader = bench.loader().addFiles(0, List.of(a.path));
        FileBuffer buffer = loader.load()) {
      try (Tensor copy = buffer.tensor("a1", TensorOptions.of(DType.I32))) {
        assertThat(copy.isView()).isFalse();
        assertThat(copy.byteSize()).isEqualTo(20);
        assertThat(Samples.bytesOf(copy)[4]).isEqualTo(a.bytes.get("a1")[1]);
      }
      assertThat(buffer.tensor("a1", TensorOptions.of(DType.U8)).isView()).isTrue();
      assertThatIllegalArgumentException()
          .isThrownBy(() -> buffer.tensor("a0", TensorOptions.of(DType.F4)))
          .withMessage("tensor 'a0' F32 [4, 3]: device fake:0 has no conversion from F32 to F4");
    }
  }

  @Test
  void findsMistakesBeforeAnyIo() throws IOException {
    try (Loader loader = bench.loader()) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> loader.addFiles(1, List.of(a.path)))
          .withMessage(a.path + ": no rank 1 in a group of 1");
      assertThatIllegalArgumentException().isThrownBy(() -> loader.addFiles(-1, List.of(a.path)));
      loader.addFiles(0, List.of(a.path));
      assertThatIllegalArgumentException()
          .isThrownBy(() -> loader.addFiles(0, List.of(b.path, a.path)))
          .withMessage(a.path + " was added before");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> loader.addFiles(0, List.of(b.path, b.path)));
      assertThat(loader.keys()).as("after refused calls").containsExactly("a0", "a1");
      Path missing = folder.resolve("missing.safetensors");
      loader.addFiles(0, List.of(missing));
      assertThatExceptionOfType(LoadException.class)
          .isThrownBy(loader::load)
          .withMessageContaining(missing.toString());
      assertThat(bench.ledger.opened("context")).isZero();
    }
  }

  @Test
  void refusesANameInTwoFilesBeforeAnyIo() throws IOException {
    Samples twin = new Samples(folder.resolve("twin")).with("a1", DType.U8, 1).write();
    try (Loader loader = bench.loader().addFiles(0, List.of(a.path, twin.path))) {
      assertThatExceptionOfType(LoadException.class)
          .isThrownBy(loader::load)
          .withMessageContaining("tensor 'a1' is in two files, " + a.path + " and " + twin.path);
      assertThat(bench.ledger.opened("context")).isZero();
    }
  }

  @Test
  void passesOnWhatIsWrongWithAHeader() throws IOException {
    Path bad = Files.write(folder.resolve("bad"), new byte[] {1, 2, 3});
    try (Loader loader = bench.loader().addFiles(0, List.of(bad))) {
      assertThatExceptionOfType(HeaderFormatException.class).isThrownBy(loader::keys);
    }
  }

  @Test
  void addsCheckpoints() throws IOException {
    try (Loader loader = bench.loader().addCheckpoint(folder);
        FileBuffer buffer = loader.load()) {
      assertThat(buffer.keys()).containsExactly("a0", "a1", "b0", "b1");
    }
    Path index = folder.resolve("model.safetensors.index.json");
    Files.writeString(index, "{\"weight_map\": {\"b0\": \"a.safetensors\"}}");
    try (Loader loader = bench.loader().addCheckpoint(folder)) {
      assertThatExceptionOfType(LoadException.class)
          .isThrownBy(loader::load)
          .withMessage(index + " lists tensor 'b0' in " + a.path + ", which has no such tensor");
    }
  }

  @Test
  void addsOneVariantOfACheckpoint() throws IOException {
    Samples half =
        new Samples(folder.resolve("a.fp16.safetensors")).with("half", DType.F16, 2).write();
    try (Loader loader = bench.loader()) {
      assertThatExceptionOfType(LoadException.class)
          .isThrownBy(() -> loader.addCheckpoint(folder))
          .withMessageContaining("a.fp16.safetensors (variant 'fp16')");
      assertThat(loader.addCheckpoint(folder, "fp16").keys()).containsExactly("half");
      assertThat(loader.reset().addCheckpoint(folder, "").keys())
          .containsExactly("a0", "a1", "b0", "b1");
      loader.reset();
      assertThatExceptionOfType(LoadException.class)
          .isThrownBy(() -> loader.addCheckpoint(a.path, "fp16"))
          .withMessageContaining("is not of the variant 'fp16'");
      assertThat(loader.addCheckpoint(half.path, "fp16").keys()).containsExactly("half");
    }
  }

  @Test
  void needsFiles() {
    try (Loader loader = bench.loader()) {
      assertThatIllegalStateException()
          .isThrownBy(loader::load)
          .withMessageContaining("no files were added");
    }
  }

  @Test
  void isOfNoUseOnceClosed() throws IOException {
    Loader loader = bench.loader().addFiles(0, List.of(a.path));
    loader.load().close();
    loader.close();
    loader.close();
    assertThatIllegalStateException().isThrownBy(loader::load).withMessage("the loader is closed");
    assertThatIllegalStateException().isThrownBy(loader::keys);
    assertThatIllegalStateException().isThrownBy(() -> loader.info("a0"));
    assertThatIllegalStateException().isThrownBy(loader::reset);
    assertThatIllegalStateException().isThrownBy(loader::explain);
    assertThatIllegalStateException().isThrownBy(() -> loader.addFiles(0, List.of(b.path)));
    assertThatIllegalStateException().isThrownBy(() -> loader.addCheckpoint(folder));
  }

  @Test
  void theDeviceClosesAfterTheLastUser() throws IOException {
    Loader loader = bench.loader().addFiles(0, List.of(a.path));
    FileBuffer buffer = loader.load();
    Tensor copy = buffer.tensor("a0").copy();
    loader.close();
    assertThat(bench.ledger.stillOpen("context")).isEqualTo(1);
    assertThat(Samples.bytesOf(buffer.tensor("a1"))).isEqualTo(a.bytes.get("a1"));
    buffer.close();
    assertThat(bench.ledger.stillOpen("context")).isEqualTo(1);
    assertThat(Samples.bytesOf(copy)).isEqualTo(a.bytes.get("a0"));
    copy.close();
    assertThat(bench.ledger.stillOpen("context")).isZero();
  }

  @Test
  void explainsWhatThereIsAndThenWhatWasDone() throws IOException {
    bench.second.onSubmit = _ -> {};
    try (Loader loader = bench.loader().addFiles(0, List.of(a.path))) {
      LoadReport before = loader.explain();
      assertThat(before.files()).isEmpty();
      assertThat(before.candidates())
          .extracting(PluginReport::id)
          .containsExactly("fake", "host", "first", "second");
      assertThat(before.toString())
          .isEqualTo(
              """
              device fake:0, nothing loaded yet
                device fake, available: simulated
                device host, available: %s
                backend first, available: for tests
                backend second, available: for tests\
              """
                  .formatted(before.candidates().get(1).detail()));
      loader.load().close();
      LoadReport after = loader.explain();
      assertThat(after.bytes()).isEqualTo(53);
      assertThat(after.candidates()).extracting(PluginReport::id).containsExactly("fake", "first");
      assertThat(after.files().getFirst().reason()).hasToString("read plainly");
      assertThat(after.toString())
          .containsPattern("^53 bytes to fake:0 in \\d+\\.\\d{3} s, \\d+\\.\\d\\d GB/s\n")
          .contains(
              "\n  device fake, available: simulated\n  backend first, available: for tests\n")
          .containsPattern(
              a.path
                  + ": first, 53 bytes buffered, 2 tensors, done after [\\d.]+ s: read plainly$");
    }
  }

  @Test
  void aFailedLoadIsNotExplainedByTheOneBefore() throws IOException {
    try (Loader loader = bench.loader().addFiles(0, List.of(a.path))) {
      loader.load().close();
      bench.first.onAwait =
          file -> {
            throw new LoadException("no luck");
          };
      assertThatExceptionOfType(LoadException.class).isThrownBy(loader::load);
      assertThat(loader.explain().files()).isEmpty();
    }
  }

  @Test
  void worksOnRealHostMemory() throws IOException {
    try (Loader loader = bench.cpuLoader().addFiles(0, List.of(a.path));
        FileBuffer buffer = loader.load()) {
      assertThat(Samples.bytesOf(buffer.tensor("a0"))).isEqualTo(a.bytes.get("a0"));
    }
  }
}
