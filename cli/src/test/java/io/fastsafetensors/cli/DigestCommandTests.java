// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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
  void convertsFloatsOnlyButByRulesOfNamesWhatTheySay() throws IOException {
    SafetensorsWriter writer = new SafetensorsWriter();
    Map.of("w", DType.F32, "ids", DType.I64, "q", DType.I32, "mask", DType.BOOL, "a=b", DType.F32)
        .forEach((name, type) ->
            writer.add(
                name, type, Shape.of(1), MemorySegment.ofArray(new byte[(int) type.byteSize(1)])));
    Path file = folder.resolve("mixed.safetensors");
    writer.write(file);
    assertThat(types("digest", file, "--dtype", "bf16"))
        .containsExactly("BF16 a=b", "I64 ids", "BOOL mask", "I32 q", "BF16 w");
    assertThat(types("digest", file, "--dtype=BF16", "--dtype", "ids=I32", "--dtype", "a=b=asis"))
        .containsExactly("F32 a=b", "I32 ids", "BOOL mask", "I32 q", "BF16 w");
    assertThat(types("digest", file, "--dtype", "w=F16", "--dtype", "*=asis"))
        .containsExactly("F32 a=b", "I64 ids", "BOOL mask", "I32 q", "F16 w");
    assertThat(Fst.run("load", file, "--dtype", "F16").out())
        .contains("dtype: 2 tensors converted from F32 to F16: dtype F16")
        .contains("dtype: 1 tensor left as I64: no floating-point type");
  }

  private static List<String> types(Object... arguments) {
    return Fst.run(arguments).outLines().stream()
        .map(line -> line.replaceFirst("^[0-9a-f]{64}  (\\S+)  \\S+  ", "$1 "))
        .toList();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      textBlock =
          """
          I8                | dtype I8 is no floating-point type, so that it can't be for all tensors
          w=F4              | tensor 't' F32 [10]: device cpu has no conversion from F32 to F4
          nothing*=F16      | dtype rule 'nothing*=F16': no tensor matches 'nothing*'; the nearest of 1: 't'
          F17               | 'F17' is no type: want one of BOOL, F4,
          w=                | '' is no type
          *=F64             | can't be converted to the larger F64 while loading
          """)
  void refusesTypesInOneLine(String dtype, String message) throws IOException {
    Path file = folder.resolve("b.safetensors");
    Samples.write(file, "t", DType.F32, Shape.of(10));
    Fst fst = Fst.run("load", file, "--dtype", dtype.replace("w=F4", "t=F4"));
    assertThat(fst.exit()).isEqualTo(2);
    assertThat(fst.errLines()).hasSize(1).first().asString().contains(message);
  }

  @Test
  void oneTypeForAll() throws IOException {
    Path file = folder.resolve("b.safetensors");
    Samples.write(file, "t", DType.F32, Shape.of(10));
    Fst fst = Fst.run("load", file, "--dtype", "F16", "--dtype", "BF16");
    assertThat(fst.exit()).isEqualTo(2);
    assertThat(fst.err()).contains("--dtype: one TYPE for all, the others as GLOB=TYPE");
  }

  @Test
  void convertsWhenToldTo() throws IOException {
    Path file = folder.resolve("b.safetensors");
    Samples.write(file, "t", DType.F32, Shape.of(10));
    Fst fst = Fst.run("digest", file, "--dtype", "BF16");
    assertThat(fst.out()).contains("  BF16  [10]  t");
  }
}
