// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.dlpack.DLPack;
import io.fastsafetensors.dlpack.ForeignTensor;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program about DLPack in docs/interop.md does what it says. */
class InteropDocumentTests {
  private static final Path DOCUMENT = Path.of("..", "docs", "interop.md");

  @TempDir private Path folder;

  @Test
  void theTensorOutlivesItsBuffer() throws Exception {
    Path file = folder.resolve("w.safetensors");
    new SafetensorsWriter()
        .add("weights", DType.I32, Shape.of(3), MemorySegment.ofArray(new int[] {1, 2, 3}))
        .write(file);
    try (URLClassLoader compiled = compile("DLPackHandOver")) {
      long address =
          (long)
              compiled
                  .loadClass("DLPackHandOver")
                  .getMethod("weights", Path.class)
                  .invoke(null, file);
      try (ForeignTensor weights = DLPack.take("dltensor_versioned", address)) {
        assertThat(weights.tensor("weights").toIntArray()).containsExactly(1, 2, 3);
        assertThat(weights.segment().isReadOnly()).isFalse();
      }
    }
  }

  private URLClassLoader compile(String name) throws IOException {
    Path source = folder.resolve(name + ".java");
    String begin = "public class " + name + " ";
    Files.writeString(source, Readme.block(DOCUMENT, "java", block -> block.contains(begin)));
    Javac.compile(folder, List.of(source), "-cp", System.getProperty("java.class.path"));
    return new URLClassLoader(new URL[] {folder.toUri().toURL()});
  }
}
