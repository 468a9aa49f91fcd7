// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** A folder for one test's files, deleted with all that is in it. */
final class ScratchFolder implements AutoCloseable {
  private final Path path;
  private int count;

  ScratchFolder(TestkitEnvironment environment) throws IOException {
    this.path = Files.createTempDirectory(environment.folder(), "fst-testkit-");
  }

  /** Names a file that is not there yet. */
  Path next() {
    return path.resolve("sample-" + count++ + ".bin");
  }

  /** Writes a file of which each byte is known. */
  SampleFile write(long bytes) throws IOException {
    return SampleFiles.write(next(), bytes, count);
  }

  @Override
  public void close() throws IOException {
    List<Path> all;
    try (Stream<Path> walk = Files.walk(path)) {
      all = walk.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path entry : all) {
      Files.delete(entry);
    }
  }
}
