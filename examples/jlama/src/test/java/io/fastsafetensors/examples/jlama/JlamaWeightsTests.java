// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.examples.jlama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.github.tjake.jlama.model.DistributedContext;
import com.github.tjake.jlama.model.bert.BertConfig;
import com.github.tjake.jlama.model.functions.Generator.PoolingType;
import com.github.tjake.jlama.safetensors.Config;
import com.github.tjake.jlama.safetensors.SafeTensorSupport;
import com.github.tjake.jlama.safetensors.WeightLoader;
import com.github.tjake.jlama.tensor.AbstractTensor;
import com.github.tjake.jlama.util.JsonSupport;
import io.fastsafetensors.examples.common.Models;
import io.fastsafetensors.examples.common.RunScript;
import io.fastsafetensors.examples.common.Vectors;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Jlama gets from us what it gets from its own loader. */
class JlamaWeightsTests {
  private static final short[] HALVES = {1, 0x3C01, -1, 0x4000};

  @TempDir private Path folder;

  @Test
  void allTensorsOfARealModelAreTheSame() throws Exception {
    Path model = model();
    try (WeightLoader own = SafeTensorSupport.loadWeights(model.toFile());
        WeightLoader ours = JlamaWeights.open(model)) {
      assertThat(ours.tensorInfoMap()).hasSize(104).isEqualTo(own.tensorInfoMap());
      assertThat(ours.getModelDType()).isEqualTo(own.getModelDType());
      for (String name : own.tensorInfoMap().keySet()) {
        if (name.endsWith(".weight") || name.endsWith(".bias")) { // Jlama loads no I64
          assertSame(ours.load(name), own.load(name));
        }
      }
    }
  }

  /** Ten rows of what two ranks share: only they are read. */
  @Test
  void shardsAreThoseOfJlama() throws Exception {
    Path model = model();
    String name = "encoder.layer.0.attention.self.key.weight";
    try (WeightLoader own = SafeTensorSupport.loadWeights(model.toFile());
        WeightLoader ours = JlamaWeights.open(model)) {
      for (int rank = 0; rank < 2; rank++) {
        DistributedContext context = context(model, rank);
        assertSame(ours.load(name, context, true, false), own.load(name, context, true, false));
        assertSame(ours.load(name, context, false, true), own.load(name, context, false, true));
      }
    }
  }

  private static DistributedContext context(Path model, int rank) throws Exception {
    Config config =
        JsonSupport.om.readValue(model.resolve("config.json").toFile(), BertConfig.class);
    return DistributedContext.builder(config).setModelShard(rank).setNumModelShards(2).build();
  }

  /** Jlama rounds otherwise once its loops are compiled: its own vectors differ by 1e-7. */
  @Test
  void vectorsAreTheSame() throws Exception {
    Path model = model();
    float[] own = Variant.OWN.load(model).embed(Main.SENTENCE, PoolingType.AVG);
    float[] ours = Variant.ADAPTER.load(model).embed(Main.SENTENCE, PoolingType.AVG);
    assertThat(ours).hasSize(384);
    assertThat(Vectors.difference(own, ours)).isLessThan(1e-6f);
  }

  @ParameterizedTest
  @EnumSource(names = {"F16", "BF16"})
  void halfPrecisionIsTheSame(DType dtype) throws Exception {
    write(dtype);
    try (WeightLoader own = SafeTensorSupport.loadWeights(folder.toFile());
        WeightLoader ours = JlamaWeights.open(folder)) {
      assertSame(ours.load("half"), own.load("half"));
    }
  }

  @Test
  void memoryIsGivenBackAtTheEnd() throws Exception {
    Path file = write(DType.F32);
    try (WeightLoader ours = JlamaWeights.open(folder)) {
      ours.load("half");
      assertThat(maps()).contains(file.toString());
    }
    assertThat(maps()).doesNotContain(file.toString());
  }

  private static String maps() throws Exception {
    return Files.readString(Path.of("/proc/self/maps"));
  }

  private Path write(DType dtype) throws Exception {
    Path file = folder.resolve("model.safetensors");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment values = arena.allocateFrom(ValueLayout.JAVA_SHORT, HALVES);
      MemorySegment floats = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 1, 2);
      new SafetensorsWriter()
          .add("half", dtype, Shape.of(64 / dtype.bits()), values)
          .add("a", DType.F32, Shape.of(2), floats)
          .add("b", DType.F32, Shape.of(2), floats)
          .write(file);
    }
    return file;
  }

  @Test
  void aMissingTensorIsAnErrorThatNamesTheNearest() throws Exception {
    try (WeightLoader ours = JlamaWeights.open(model())) {
      assertThatThrownBy(() -> ours.load("embeddings.LayerNorm.bia"))
          .isInstanceOf(NoSuchElementException.class)
          .hasMessageContaining("embeddings.LayerNorm.bias");
    }
  }

  @Test
  void theCommandTimesBothLoaders() throws Exception {
    model();
    assertThat(RunScript.run(folder, "1"))
        .contains("greatest difference of vectors: ")
        .containsPattern("fastsafetensors, JlamaWeights +[0-9.]+ ms +[0-9]+ ms +[0-9]+ MiB");
  }

  private static Path model() {
    assumeTrue(Models.MINILM.folder().isPresent(), Models.MINILM.absence());
    return Models.MINILM.folder().orElseThrow();
  }

  private static void assertSame(AbstractTensor<?, ?> one, AbstractTensor<?, ?> other) {
    assertThat(one).hasSameClassAs(other);
    assertThat(one.shape()).isEqualTo(other.shape());
    assertThat(one.getMemorySegment().mismatch(other.getMemorySegment())).isEqualTo(-1);
  }
}
