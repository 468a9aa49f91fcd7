// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.DType;
import io.fastsafetensors.SafetensorsWriter;
import io.fastsafetensors.Shape;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DigestCommandTests {
  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"mapped", "copied"})
  void printsHashTypeShapeAndNameSortedByName(String path) throws IOException {
    byte[] z = Samples.write(folder.resolve("1.safetensors"), "z", DType.F32, Shape.of(300, 299));
    byte[] a = Samples.write(folder.resolve("2.safetensors"), "a\nb", DType.U8, Shape.of());
    byte[] m = Samples.write(folder.resolve("3.safetensors"), "m", DType.F4, Shape.of(0, 2));
    Fst fst = Fst.run("digest", folder, "--path", path);
    assertThat(fst.err()).isEmpty();
    assertThat(fst.outLines())
        .containsExactly(
            Samples.sha256(a) + "  U8  []  a\\nb",
            Samples.sha256(m) + "  F4  [0, 2]  m",
            Samples.sha256(z) + "  F32  [300, 299]  z");
    assertThat(fst.exit()).isZero();
  }

  @Test
  void sortsByUtf8AsSortDoes() throws IOException {
    SafetensorsWriter writer = new SafetensorsWriter();
    for (String name : List.of("\uff5e", "\ud83d\ude00", "é", "b", "B", "")) {
      writer.add(name, DType.U8, Shape.of(1), MemorySegment.ofArray(new byte[1]));
    }
    Path file = folder.resolve("n.safetensors");
    writer.write(file);
    assertThat(Fst.run("digest", file).outLines())
        .extracting(line -> line.replaceFirst(".*  U8  \\[1\\]  ", ""))
        .containsExactly("", "B", "b", "é", "\uff5e", "\ud83d\ude00");
  }

  @Test
  void hashesManyTensorsByFewThreads() throws IOException {
    Path checkpoint = folder.resolve("m");
    Fst.run("make", checkpoint, "--bytes", "4MiB", "--tensors", "500", "--shards", "3");
    Fst one = Fst.run("digest", checkpoint, "--threads", "1");
    assertThat(one.outLines()).hasSize(500).doesNotHaveDuplicates();
    assertThat(Fst.run("digest", checkpoint, "--path", "copied")).isEqualTo(one);
  }

  @Test
  void convertsWhenToldTo() throws IOException {
    Path file = folder.resolve("b.safetensors");
    Samples.write(file, "t", DType.F32, Shape.of(10));
    Fst fst = Fst.run("digest", file, "--dtype", "BF16");
    assertThat(fst.out()).contains("  BF16  [10]  t");
  }
}
