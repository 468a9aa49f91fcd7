// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Paths may be URIs. */
class PathArgumentsTests {
  private static final String NAME = "model.safetensors";

  @TempDir private Path folder;

  private Path file;
  private URI zip;

  @BeforeEach
  void writeZip() throws IOException {
    file = folder.resolve(NAME);
    Samples.write(file, "w", DType.F32, Shape.of(30, 20));
    Path archive = folder.resolve("x.zip");
    try (OutputStream out = Files.newOutputStream(archive);
        ZipOutputStream zipped = new ZipOutputStream(out)) {
      zipped.putNextEntry(new ZipEntry("m/" + NAME));
      zipped.write(Files.readAllBytes(file));
    }
    zip = URI.create("jar:" + archive.toUri());
  }

  private String inside() {
    return zip + "!/m/" + NAME;
  }

  @ParameterizedTest
  @ValueSource(strings = {"digest", "load", "inspect", "check"})
  void eachCommandTakesUris(String command) {
    for (String uri : new String[] {inside(), zip + "!/m", file.toUri().toString()}) {
      Fst fst = Fst.run(command, uri);
      assertThat(fst.err()).as("%s %s", command, uri).isEmpty();
      assertThat(fst.exit()).isZero();
      assertThatExceptionOfType(FileSystemNotFoundException.class)
          .as("it is closed at the end")
          .isThrownBy(() -> FileSystems.getFileSystem(zip));
    }
  }

  @Test
  void bytesAreThoseOfTheFile() {
    Fst local = Fst.run("digest", file);
    assertThat(Fst.run("digest", inside())).isEqualTo(local);
    assertThat(Fst.run("digest", "--rank-files", "0=" + inside())).isEqualTo(local);
  }

  @Test
  void fileSystemThatIsOpenStaysOpen() throws IOException {
    try (FileSystem open = FileSystems.newFileSystem(zip, Map.of())) {
      assertThat(Fst.run("digest", inside()).exit()).isZero();
      assertThat(open.isOpen()).isTrue();
    }
  }

  @Test
  void nameThatLooksLikeAUriIsAFileIfThereIsOne() throws IOException {
    assertThat(new PathArguments().convert("a:b.safetensors")).hasToString("a:b.safetensors");
    assertThat(new PathArguments().convert("C:/m")).hasToString("C:/m");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "s3://bucket/m.safetensors | no file system has the scheme 's3', but ",
        "jar:file:///nowhere.zip!/m | /nowhere.zip",
        "jar:file:///nowhere/x y.zip!/m | Illegal character",
        "jar:file:/// | can't open this URI: ",
        "file://host/m.safetensors | can't open this URI: "
      })
  void wrongUriIsOneLine(String uri, String message) {
    Fst fst = Fst.run("digest", uri);
    assertThat(fst.exit()).isEqualTo(2);
    assertThat(fst.err()).contains(uri, message).hasLineCount(1);
  }

  @Test
  void archiveWithoutTheFileIsOneLine() {
    Fst fst = Fst.run("digest", zip + "!/m/other.safetensors");
    assertThat(fst.exit()).isEqualTo(1);
    assertThat(fst.err()).contains("/m/other.safetensors: there is no such file").hasLineCount(1);
    assertThat(Fst.run("digest", zip.toString()).exit()).isEqualTo(2);
  }
}
