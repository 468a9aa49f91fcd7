// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.examples.speech;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import io.fastsafetensors.AccessPath;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.SafetensorsHeader;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A session reads weights where they are: in our memory, or in the safetensors file. */
class OnnxWeightsTests {
  @TempDir private Path folder;
  private Path file;

  @BeforeEach
  void write() throws Exception {
    file = folder.resolve("w.safetensors");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment values = arena.allocateFrom(ValueLayout.JAVA_FLOAT, new float[] {1, 2, 3});
      new SafetensorsWriter().add("w", DType.F32, Shape.of(3), values).write(file);
    }
  }

  @Test
  void aSessionReadsOurMemoryAfterBufferAndLoaderAreClosed() throws Exception {
    OnnxWeights weights = load(AccessPath.MAPPED);
    try (weights;
        OrtSession session = session(weights)) {
      assertThat(isMapped()).isTrue();
      assertThat(run(session)).containsExactly(11, 22, 33);
    }
    assertThat(isMapped()).isFalse();
  }

  @Test
  void externalInitializersAreCopied() throws Exception {
    OrtSession session;
    try (OnnxWeights weights = load(AccessPath.MAPPED);
        SessionOptions options = new SessionOptions()) {
      weights.copyTo(options);
      session = session(options);
    }
    try (session) {
      assertThat(isMapped()).isFalse();
      assertThat(run(session)).containsExactly(11, 22, 33);
    }
  }

  /** Shown by writing to it: initializers are copied by nobody. */
  @Test
  void initializersAreTheSameMemory() throws Exception {
    try (Loader loader = Loader.open(file);
        FileBuffer buffer = loader.load(path(AccessPath.COPIED));
        OnnxWeights weights = new OnnxWeights(buffer);
        OrtSession session = session(weights)) {
      buffer.tensor("w").host().orElseThrow().set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4, 7);
      assertThat(run(session)).containsExactly(11, 27, 33);
    }
  }

  @Test
  void aSessionReadsTheSafetensorsFileItself() throws Exception {
    try (SessionOptions options = new SessionOptions();
        OrtSession session = session(options)) {
      assertThat(run(session)).containsExactly(11, 22, 33);
    }
  }

  @Test
  void typesThatTheJavaApiLacksAreRefusedByName() {
    assertThatThrownBy(() -> OnnxTypes.inJava(DType.F8_E4M3))
        .isInstanceOf(UnsupportedOperationException.class)
        .hasMessage("ONNX Runtime for Java has no F8_E4M3");
    assertThatThrownBy(() -> OnnxTypes.inFiles(DType.F6_E2M3))
        .isInstanceOf(UnsupportedOperationException.class)
        .hasMessage("ONNX files have no F6_E2M3");
  }

  private OnnxWeights load(AccessPath path) throws Exception {
    try (Loader loader = Loader.open(file);
        FileBuffer buffer = loader.load(path(path))) {
      return new OnnxWeights(buffer);
    }
  }

  private static LoadOptions path(AccessPath path) {
    return LoadOptions.builder().path(path).build();
  }

  private OrtSession session(OnnxWeights weights) throws Exception {
    try (SessionOptions options = new SessionOptions()) {
      weights.addTo(options);
      return session(options);
    }
  }

  /** Of a model that adds the weights to its input. */
  private OrtSession session(SessionOptions options) throws Exception {
    byte[] sum =
        new OnnxModel("sum")
            .external(SafetensorsHeader.read(file))
            .input("x", 3)
            .output("y", 3)
            .node("Add", "x w", "y")
            .toByteArray();
    Path model = Files.write(folder.resolve("sum.onnx"), sum);
    return OrtEnvironment.getEnvironment().createSession(model.toString(), options);
  }

  private static float[] run(OrtSession session) throws OrtException {
    FloatBuffer x = FloatBuffer.wrap(new float[] {10, 20, 30});
    try (OnnxTensor input =
            OnnxTensor.createTensor(OrtEnvironment.getEnvironment(), x, new long[] {3});
        OrtSession.Result result = session.run(Map.of("x", input))) {
      return (float[]) result.get("y").orElseThrow().getValue();
    }
  }

  private boolean isMapped() throws Exception {
    return Files.readString(Path.of("/proc/self/maps")).contains(file.toString());
  }
}
