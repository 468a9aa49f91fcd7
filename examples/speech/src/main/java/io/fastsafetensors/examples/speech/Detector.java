// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.examples.speech;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Tells of each window of a signal how sure the model is that somebody speaks. */
final class Detector implements AutoCloseable {
  private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
  private final OrtSession session;
  private final Optional<OnnxWeights> weights;
  private final float[] input = new float[SpeechModel.CONTEXT + SpeechModel.WINDOW];
  private float[] state = new float[2 * SpeechModel.STATE];

  /**
   * Detects by a session, which this closes.
   *
   * @param session of {@link SpeechModel}
   * @param weights what the session reads, if that is ours; closed after it
   */
  Detector(OrtSession session, Optional<OnnxWeights> weights) {
    this.session = session;
    this.weights = weights;
  }

  /** Returns how sure the model is of each window of a signal of 16 kHz. */
  float[] detect(float[] signal) throws OrtException {
    float[] sure = new float[signal.length / SpeechModel.WINDOW];
    for (int i = 0; i < sure.length; i++) {
      sure[i] = next(signal, i * SpeechModel.WINDOW);
    }
    return sure;
  }

  /** Detects in the window that follows the one before. */
  float next(float[] signal, int start) throws OrtException {
    System.arraycopy(input, SpeechModel.WINDOW, input, 0, SpeechModel.CONTEXT);
    System.arraycopy(signal, start, input, SpeechModel.CONTEXT, SpeechModel.WINDOW);
    Map<String, OnnxTensor> inputs = new HashMap<>();
    try {
      inputs.put("input", tensor(input, 1, input.length));
      inputs.put("state", tensor(state, 2, 1, SpeechModel.STATE));
      try (OrtSession.Result result = session.run(inputs)) {
        state = values(result, "stateN");
        return values(result, "output")[0];
      }
    } finally {
      inputs.values().forEach(OnnxTensor::close);
    }
  }

  private OnnxTensor tensor(float[] values, long... shape) throws OrtException {
    return OnnxTensor.createTensor(environment, FloatBuffer.wrap(values), shape);
  }

  private static float[] values(OrtSession.Result result, String name) {
    FloatBuffer buffer = ((OnnxTensor) result.get(name).orElseThrow()).getFloatBuffer();
    float[] values = new float[buffer.remaining()];
    buffer.get(values);
    return values;
  }

  @Override
  public void close() throws OrtException {
    session.close();
    weights.ifPresent(OnnxWeights::close);
  }
}
