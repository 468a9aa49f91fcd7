// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * A folder to put checkpoints in, whole and broken.
 *
 * @param path the folder
 */
record TestFolder(Path path) {
  static final String INDEX = "model.safetensors.index.json";

  Path weights(String name, String tensor) throws IOException {
    Path file = path.resolve(name + ".safetensors");
    Files.createDirectories(file.getParent());
    Samples.write(file, tensor, DType.F32, Shape.of(4));
    return file;
  }

  Path index(String name, String... tensorsAndFiles) throws IOException {
    Map<String, String> map = new TreeMap<>();
    for (int i = 0; i < tensorsAndFiles.length; i += 2) {
      map.put(tensorsAndFiles[i], tensorsAndFiles[i + 1] + ".safetensors");
    }
    String entries =
        map.entrySet().stream()
            .map(e -> "\"" + e.getKey() + "\": \"" + e.getValue() + "\"")
            .collect(Collectors.joining(", "));
    return Files.writeString(path.resolve(name), "{\"weight_map\": {" + entries + "}}");
  }

  void link(String name, String target) throws IOException {
    Files.createSymbolicLink(path.resolve(name), Path.of(target));
  }

  void empty(String name) throws IOException {
    Path file = path.resolve(name);
    Files.createDirectories(file.getParent());
    Files.createFile(file);
  }

  void page(String name) throws IOException {
    Files.writeString(path.resolve(name), "\n<!DOCTYPE html><html><body>Sign in</body></html>");
  }

  void hugeIndex() throws IOException {
    try (var file = new RandomAccessFile(path.resolve(INDEX).toFile(), "rw")) {
      file.setLength(3L << 30);
    }
  }

  void pipe(String name) throws Exception {
    Process mkfifo = new ProcessBuilder("mkfifo", path.resolve(name).toString()).start();
    assertThat(mkfifo.waitFor(10, TimeUnit.SECONDS)).isTrue();
    assertThat(mkfifo.exitValue()).isZero();
  }
}
