// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.fastsafetensors.BackendUnavailableException;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.FileReport;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.PluginReport;
import io.fastsafetensors.UnsupportedTransferException;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A file that a backend can't serve for want of a feature goes to the next backend, once. */
class FallbackTests {
  @TempDir private Path folder;
  private final Bench bench = new Bench();
  private Samples a;
  private Samples b;

  @BeforeEach
  void writeFiles() throws IOException {
    a = new Samples(folder.resolve("a")).with("a", DType.U8, 10).write();
    b = new Samples(folder.resolve("b")).with("b", DType.U8, 20).write();
  }

  @AfterEach
  void nothingIsLeft() {
    bench.ledger.assertAllClosedOnce();
  }

  static FakeBackend.Hook refuse(String backend, Path file) {
    return at -> {
      if (at.equals(file)) {
        throw new UnsupportedTransferException(backend, file, "tmpfs has no direct reads", null);
      }
    };
  }

  private void checkServedByBoth() throws IOException {
    try (Loader loader = bench.loader().addFiles(0, List.of(a.path, b.path));
        FileBuffer buffer = loader.load()) {
      assertThat(Samples.bytesOf(buffer.tensor("a"))).isEqualTo(a.bytes.get("a"));
      assertThat(Samples.bytesOf(buffer.tensor("b"))).isEqualTo(b.bytes.get("b"));
      assertThat(loader.explain().files())
          .extracting(FileReport::backend)
          .containsExactly("second", "first");
      assertThat(loader.explain().files().getFirst().reason().toString())
          .isEqualTo("first: tmpfs has no direct reads; read plainly");
      assertThat(loader.explain().files().getLast().reason()).hasToString("read plainly");
      assertThat(loader.explain().toString()).contains("tmpfs has no direct reads");
    }
    assertThat(bench.second.submitted).containsExactly(a.path);
  }

  @Test
  void whenItIsRefusedAtOnce() throws IOException {
    bench.first.onSubmit = refuse("first", a.path);
    checkServedByBoth();
  }

  @Test
  void whenItIsRefusedOnlyWhenReading() throws IOException {
    bench.first.onAwait = refuse("first", a.path);
    checkServedByBoth();
    assertThat(bench.first.submitted).as("asked once").containsExactly(a.path, b.path);
  }

  @Test
  void theNextBackendIsOpenedOnceForAllFiles() throws IOException {
    bench.first.onAwait =
        at -> {
          throw new UnsupportedTransferException("first", at, "no", null);
        };
    try (Loader loader = bench.loader().addFiles(0, List.of(a.path, b.path));
        FileBuffer buffer = loader.load()) {
      assertThat(buffer.keys()).hasSize(2);
    }
    assertThat(bench.ledger.opened("session")).isEqualTo(2);
    assertThat(bench.second.submitted).containsExactly(a.path, b.path);
  }

  @Test
  void isNotOpenedWithoutNeed() throws IOException {
    try (Loader loader = bench.loader().addFiles(0, List.of(a.path));
        FileBuffer buffer = loader.load()) {
      assertThat(buffer.keys()).hasSize(1);
    }
    assertThat(bench.ledger.opened("session")).isEqualTo(1);
  }

  @Test
  void fromTheLastOneItIsAnErrorThatNamesEachReason() {
    bench.first.onAwait = refuse("first", a.path);
    bench.second.onSubmit = refuse("second", a.path);
    try (Loader loader = bench.loader().addFiles(0, List.of(b.path, a.path))) {
      assertThatExceptionOfType(BackendUnavailableException.class)
          .isThrownBy(loader::load)
          .withMessageStartingWith(
              a.path
                  + ": no other backend is left; first: tmpfs has no direct reads;"
                  + " second: tmpfs has no direct reads")
          .satisfies(e -> assertThat(e.candidates()).noneMatch(PluginReport::available))
          .satisfies(e -> assertThat(e.getSuppressed()).hasSize(2));
    }
  }

  @Test
  void theBackendAskedForIsTheOnlyOne() {
    bench.first.onAwait = refuse("first", a.path);
    try (Loader loader = bench.loader().addFiles(0, List.of(a.path))) {
      assertThatExceptionOfType(BackendUnavailableException.class)
          .isThrownBy(() -> loader.load(LoadOptions.builder().backend("first").build()))
          .withMessageContaining("tmpfs has no direct reads");
    }
    assertThat(bench.second.submitted).isEmpty();
  }

  @Test
  void anIoErrorOfTheNextBackendEndsTheLoad() {
    LoadException reason = new LoadException("EIO");
    bench.first.onSubmit = refuse("first", a.path);
    bench.second.onAwait =
        at -> {
          throw reason;
        };
    try (Loader loader = bench.loader().addFiles(0, List.of(a.path, b.path))) {
      assertThatExceptionOfType(LoadException.class).isThrownBy(loader::load).isSameAs(reason);
    }
  }

  @Test
  void manyFilesAreInFlightButNotAllOfAHugeNumber() throws IOException {
    List<Path> files = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      files.add(new Samples(folder.resolve("f" + i)).with("t" + i, DType.U8, 3).write().path);
    }
    try (Loader loader = bench.loader().addFiles(0, files);
        FileBuffer buffer = loader.load()) {
      assertThat(buffer.keys()).hasSize(100);
      assertThat(bench.first.mostTickets).hasValue(64);
      assertThat(bench.first.submitted).isEqualTo(files);
    }
  }
}
