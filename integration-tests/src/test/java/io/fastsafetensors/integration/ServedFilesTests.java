// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.fastsafetensors.Checkpoint;
import io.fastsafetensors.Device;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.OpenCheckpoint;
import io.fastsafetensors.Plugin;
import io.fastsafetensors.Plugins;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.IoBackend;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that only a server has, by the sample that reads through HTTP. */
class ServedFilesTests {
  private static final LoadOptions BY_HTTP = LoadOptions.builder().backend("example-http").build();
  private static final Path SERVED = Path.of("/served/here/is/no/such/folder");

  @TempDir private Path folder;

  private SourceFolder local;
  private Path jar;
  private RangeServer server;
  private String property;

  @BeforeEach
  void serve() throws Exception {
    local = SourceFolder.write(folder.resolve("model"));
    jar = SamplePlugin.named("sample-http").jar(folder);
    server = new RangeServer();
    server.mount(local.path(), SERVED);
    String[] option = server.option().substring(2).split("=", 2);
    property = option[0];
    System.setProperty(property, option[1]);
  }

  @AfterEach
  void stop() {
    System.clearProperty(property);
    server.close();
  }

  private List<Path> files() throws IOException {
    List<Path> files = new ArrayList<>();
    for (Path file : SamplePlugin.files(local.path())) {
      if (file.toString().endsWith(".safetensors")) {
        files.add(SERVED.resolve(file.getFileName().toString()));
      }
    }
    return files;
  }

  @ParameterizedTest
  @ValueSource(strings = {"cpu", "sim:0"})
  void headerAndBytesComeFromTheServer(String device) throws Exception {
    assertThat(Files.exists(SERVED)).isFalse();
    Map<String, String> wanted = SourceFolder.digests(local.path(), LoadOptions.defaults());
    try (URLClassLoader loader = loader();
        Loader served = open(loader, device, files());
        FileBuffer buffer = served.load(BY_HTTP)) {
      assertThat(served.keys()).isEqualTo(wanted.keySet());
      assertThat(SourceFolder.digests(buffer)).isEqualTo(wanted);
      assertThat(buffer.report().files())
          .allSatisfy(file -> assertThat(file.reason()).asString().startsWith("by HTTP from"));
    }
  }

  /** The sample opens no files of its own: they are read by its channels. */
  @Test
  void openCheckpointReadsFromTheServer() throws Exception {
    Map<String, String> wanted = SourceFolder.digests(local.path(), LoadOptions.defaults());
    Path file = local.first();
    try (URLClassLoader loader = loader();
        OpenCheckpoint served = Checkpoint.find(file).open(BY_HTTP, Plugins.in(loader))) {
      assertThat(served.keys()).isNotEmpty();
      for (String name : served.keys()) {
        try (Tensor tensor = served.read(name)) {
          assertThat(SourceFolder.digest(tensor)).isEqualTo(wanted.get(name));
          assertThat(tensor.isWritable()).isTrue();
        }
      }
      assertThat(served.report().cacheBytes()).isZero();
    }
  }

  @Test
  void missingFileIsNamed() throws Exception {
    Path missing = SERVED.resolve("missing.safetensors");
    try (URLClassLoader loader = loader();
        Loader served = open(loader, "cpu", List.of(missing))) {
      assertThatExceptionOfType(LoadException.class)
          .isThrownBy(() -> served.load(BY_HTTP))
          .withMessageContaining(missing.toString())
          .withMessageContaining("no such file");
    }
  }

  /** A header of one source never goes with bytes of another. */
  @Test
  void anotherFileUnderTheSamePathIsRefused() throws Exception {
    Path file = local.first();
    Path other = folder.resolve("other");
    Files.createDirectories(other);
    Files.copy(local.path().resolve("model-00002-of-00002.safetensors"), other.resolve("x"));
    Files.move(other.resolve("x"), other.resolve(SourceFolder.FIRST));
    server.mount(other, local.path());
    try (URLClassLoader loader = loader();
        Loader mixed = open(loader, "cpu", List.of(file))) {
      LoadOptions byCpu = LoadOptions.builder().backend("cpu").build();
      mixed.load(byCpu).close();
      assertThatExceptionOfType(LoadException.class)
          .isThrownBy(() -> mixed.load(BY_HTTP))
          .withMessageContaining(file.toString())
          .withMessageContaining("changed");
    }
  }

  private Loader open(ClassLoader loader, String device, List<Path> files) {
    Plugin http =
        Plugin.class.cast(
            java.util.ServiceLoader.load(IoBackend.class, loader).stream()
                .filter(p -> p.type().getName().startsWith("org.example"))
                .findFirst()
                .orElseThrow()
                .get());
    return Loader.builder()
        .device(Device.parse(device))
        .plugins(Plugins.installed().with(http))
        .build()
        .addFiles(files.toArray(Path[]::new));
  }

  private URLClassLoader loader() throws IOException {
    return new URLClassLoader(new URL[] {jar.toUri().toURL()}, getClass().getClassLoader());
  }

  @Test
  void commandDigestsWhatOnlyTheServerHas() throws Exception {
    Jvm here = Distribution.fst(folder, List.of(), "digest", local.first().toString());
    assertThat(here.exit()).as(here.output()).isZero();
    String file = SERVED.resolve(SourceFolder.FIRST).toString();
    Jvm there =
        Distribution.fst(
            folder,
            List.of(server.option()),
            "digest",
            "--module-path",
            jar.toString(),
            "--backend",
            "example-http",
            file);
    assertThat(there.output()).isEqualTo(here.output());
    Jvm without = Distribution.fst(folder, List.of(), "digest", file);
    assertThat(without.exit()).isEqualTo(1);
    assertThat(without.output()).contains(file + ": there is no such file");
  }
}
