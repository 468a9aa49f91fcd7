// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.examples.speech;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.Loader;
import io.fastsafetensors.examples.common.LoadAhead;
import io.fastsafetensors.format.SafetensorsHeader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;

/** How the weights get into ONNX Runtime. */
enum Variant {
  /** An ONNX file that has them. */
  OWN_FILE("ONNX Runtime, its own file") {
    @Override
    Callable<Detector> begin(Path folder) {
      return () -> detector(embedded(folder));
    }
  },

  /** ONNX Runtime reads the safetensors file itself: a small ONNX file says where they are. */
  EXTERNAL_DATA("ONNX Runtime, external data in the .safetensors file") {
    @Override
    Callable<Detector> begin(Path folder) {
      return () -> detector(external(folder));
    }
  },

  /** Loaded here; ONNX Runtime reads our memory, and of that ONNX file just the network. */
  INITIALIZERS("fastsafetensors, addInitializer") {
    @Override
    Callable<Detector> begin(Path folder) {
      LoadAhead load = new LoadAhead(weights(folder));
      return () -> {
        try (FileBuffer buffer = load.get()) {
          return detector(external(folder), new OnnxWeights(buffer));
        }
      };
    }
  };

  private final String title;

  Variant(String title) {
    this.title = title;
  }

  /** Begins to load from silero's folder of models; what it returns needs the runtime, and ends. */
  abstract Callable<Detector> begin(Path folder);

  /** Writes the ONNX files beside the safetensors file. */
  static void writeModels(Path folder) throws IOException {
    SafetensorsHeader header = SafetensorsHeader.read(weights(folder));
    Files.write(external(folder), SpeechModel.complete(new OnnxModel("speech").external(header)));
    try (Loader loader = Loader.open(weights(folder));
        FileBuffer buffer = loader.load()) {
      Files.write(embedded(folder), SpeechModel.complete(new OnnxModel("speech").embedded(buffer)));
    }
  }

  private static Path weights(Path folder) {
    return folder.resolve("silero_vad_16k.safetensors");
  }

  private static Path external(Path folder) {
    return folder.resolve("speech.external.onnx");
  }

  private static Path embedded(Path folder) {
    return folder.resolve("speech.onnx");
  }

  private static SessionOptions options() throws OrtException {
    SessionOptions options = new SessionOptions();
    options.setIntraOpNumThreads(1); // windows are small
    return options;
  }

  private static Detector detector(Path model) throws OrtException {
    try (SessionOptions options = options()) {
      return new Detector(session(model, options), Optional.empty());
    }
  }

  private static Detector detector(Path model, OnnxWeights weights) throws OrtException {
    try (SessionOptions options = options()) {
      weights.addTo(options);
      return new Detector(session(model, options), Optional.of(weights));
    } catch (OrtException e) {
      weights.close();
      throw e;
    }
  }

  private static OrtSession session(Path model, SessionOptions options) throws OrtException {
    return OrtEnvironment.getEnvironment().createSession(model.toString(), options);
  }

  @Override
  public String toString() {
    return title;
  }
}
