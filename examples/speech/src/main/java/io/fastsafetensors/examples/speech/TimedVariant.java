// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.examples.speech;

import ai.onnxruntime.OrtEnvironment;
import io.fastsafetensors.examples.common.Milestone;
import io.fastsafetensors.examples.common.Stopwatch;
import java.nio.file.Path;
import java.util.concurrent.Callable;

/** Loads in one way, and detects in one window; timed by who starts it. */
final class TimedVariant {
  private TimedVariant() {}

  /** Takes the folder of models, and a variant. */
  public static void main(String[] arguments) throws Exception {
    Stopwatch load = new Stopwatch();
    Variant variant = Variant.valueOf(arguments[1]);
    Callable<Detector> begun = load.time(() -> variant.begin(Path.of(arguments[0])));
    OrtEnvironment.getEnvironment(); // the start of the runtime is no part of the load
    try (Detector detector = load.time(begun)) {
      Milestone.loaded(load.nanos());
      detector.next(Signal.samples(), 0);
      Milestone.firstResult();
      Milestone.end();
    }
  }
}
