// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.SafetensorsHeader;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.format.TensorInfo;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The programs in the README and the pages compile without a warning, run, and print what they
 * should.
 */
@Tag("slow")
class ReadmeTests {
  @TempDir private Path folder;

  @Test
  void theExampleLoadsTwoFiles() throws Exception {
    ReadmeProgram.writeSamples(folder);
    assertThat(run("Example"))
        .contains("a0 F16 [16, 8]", "b0 F16 [16, 8]", "bytes to cpu", "a.safetensors: ")
        .contains("tensor([[0., 0., ", "name='b0', dtype=F16, shape=[16, 8], device=cpu)");
  }

  @Test
  void theExampleIsShort() throws Exception {
    String source = ReadmeProgram.named("Example").source();
    String body = source.substring(source.indexOf("throws Exception {") + 18);
    assertThat(body.lines().map(String::strip).filter(line -> !line.isEmpty()).count() - 2)
        .as("lines in main")
        .isBetween(1L, 12L);
  }

  @Test
  void theExampleInTheBackgroundLoadsTwoFiles() throws Exception {
    ReadmeProgram.writeSamples(folder);
    assertThat(run("AsyncExample")).contains("something else meanwhile", "[a0, b0]");
  }

  @Test
  void theExampleOfALoadThatBeginsHasItsTensors() throws Exception {
    ReadmeProgram.writeSamples(folder);
    assertThat(run("LandingExample")).contains("a0 F16 [16, 8]", "b0 F16 [16, 8]");
  }

  @Test
  void theExampleForRanksIsOneWithoutALauncher() throws Exception {
    ReadmeProgram.writeSamples(folder);
    assertThat(run("RanksExample"))
        .contains("rank 0 of 1, by no launcher, for cpu", "a0 F16 [16, 8]", "b0 F16 [16, 8]");
  }

  @Test
  void theExampleForPartsLoadsThem() throws Exception {
    SafetensorsWriter writer = new SafetensorsWriter();
    try (Arena arena = Arena.ofConfined()) {
      for (String name : List.of("m.embed", "m.router", "m.experts.0.w", "m.experts.1.w", "m.q")) {
        writer.add(name + ".weight", DType.F16, Shape.of(16, 8), arena.allocate(256));
      }
      writer.add("norm", DType.F16, Shape.of(8), arena.allocate(16));
      writer.write(folder.resolve("m.safetensors"));
    }
    assertThat(run("PartsExample"))
        .contains("m.embed.weight [4, 4]", "m.router.weight [2, 8]", "norm [8]")
        .contains("m.experts.0.w.weight [16, 8]", "m.experts.1.w.weight [16, 8]")
        .contains("m.q.weight [16, 8]", "distribution local: one rank reads its own parts");
  }

  @Test
  void theExampleForStreamsGetsWholeTensorsAndPieces() throws Exception {
    SafetensorsWriter writer = new SafetensorsWriter();
    try (Arena arena = Arena.ofConfined()) {
      writer.add("large", DType.F32, Shape.of(600, 1000), arena.allocate(2_400_000));
      writer.add("norm", DType.F16, Shape.of(8), arena.allocate(16));
      writer.write(folder.resolve("m.safetensors"));
    }
    String output = run("StreamExample");
    assertThat(output).contains("norm [8], from byte 0", "2400016 bytes to cpu");
    assertThat(output.lines().filter(line -> line.startsWith("large [600, 1000], from byte ")))
        .hasSizeGreaterThan(2);
  }

  @Test
  void theValuesExamplePrintsValues() throws Exception {
    ReadmeProgram.writeSamples(folder);
    assertThat(run("ValuesExample"))
        .contains("tensor([[0., 0., ", "name='a0', dtype=F16, shape=[16, 8], device=cpu)")
        .contains("128 values, the last is 0.0");
  }

  @Test
  void theWriteExampleWritesAFile() throws Exception {
    run("WriteExample");
    assertThat(SafetensorsHeader.read(folder.resolve("weights.safetensors")).metadata())
        .containsEntry("format", "pt");
  }

  @Test
  void theSaveExampleConvertsACheckpoint() throws Exception {
    ReadmeProgram.writeSamples(folder);
    assertThat(run("SaveExample")).contains("bytes saved in", "dtype BF16", "model.safetensors");
    assertThat(SafetensorsHeader.read(folder.resolve("bf16/model.safetensors")).tensors())
        .allSatisfy(tensor -> assertThat(tensor.dtype()).isEqualTo(DType.BF16));
  }

  @Test
  void theExampleOfASaveByRanksIsOneWithoutALauncher() throws Exception {
    ReadmeProgram.writeSamples(folder);
    assertThat(run("GroupSaveExample")).contains("bytes saved in", "model.safetensors");
    assertThat(SafetensorsHeader.read(folder.resolve("saved/model.safetensors")).tensors())
        .extracting(TensorInfo::name, TensorInfo::shape)
        .contains(tuple("a0", Shape.of(16, 8)), tuple("b0", Shape.of(16, 8)));
  }

  private String run(String name) throws Exception {
    Jvm program = ReadmeProgram.named(name).run(folder, Distribution.jars("api", "backend-cpu"));
    assertThat(program.exit()).as(program.output()).isZero();
    return program.output();
  }
}
