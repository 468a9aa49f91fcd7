// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.examples.speech;

import static io.fastsafetensors.examples.speech.OnnxModel.attribute;
import static io.fastsafetensors.examples.speech.OnnxModel.list;

/**
 * The network of silero's detector at 16 kHz: a Fourier transform as a convolution, four
 * convolutions, an LSTM cell and one neuron.
 */
final class SpeechModel {
  static final int RATE = 16_000;
  static final int WINDOW = 512;
  static final int CONTEXT = 64;
  static final int STATE = 128;

  private static final ProtoWriter TRANSPOSED = attribute("transB", 1);

  private SpeechModel() {}

  /** Completes an ONNX file that has the weights, by their names in silero's safetensors file. */
  static byte[] complete(OnnxModel model) {
    model
        .input("input", 1, CONTEXT + WINDOW)
        .input("state", 2, 1, STATE)
        .output("output", 1, 1)
        .output("stateN", 2, 1, STATE)
        .integers("padding", 0, 0, 0, CONTEXT)
        .integers("first", 0)
        .integers("second", 1)
        .integers("third", 2);
    encode(model);
    remember(model);
    return model.toByteArray();
  }

  private static void encode(OnnxModel model) {
    model
        .node("Pad", "input padding", "padded", attribute("mode", "reflect"))
        .node("Unsqueeze", "padded second", "wave")
        .node("Conv", "wave stft_conv.weight", "spectrum", list("strides", 128))
        .node("Split", "spectrum", "re im", attribute("axis", 1))
        .node("Mul", "re re", "re2")
        .node("Mul", "im im", "im2")
        .node("Add", "re2 im2", "power")
        .node("Sqrt", "power", "layer0");
    for (int i = 1; i <= 4; i++) {
      String inputs = "layer" + (i - 1) + " conv" + i + ".weight conv" + i + ".bias";
      int stride = i == 2 || i == 3 ? 2 : 1;
      model
          .node("Conv", inputs, "sum" + i, list("pads", 1, 1), list("strides", stride))
          .node("Relu", "sum" + i, "layer" + i);
    }
    model.node("Squeeze", "layer4 third", "features");
  }

  private static void remember(OnnxModel model) {
    model
        .node("Split", "state", "h1 c1", attribute("axis", 0))
        .node("Squeeze", "h1 first", "h")
        .node("Squeeze", "c1 first", "c")
        .node("Gemm", "features lstm_cell.weight_ih lstm_cell.bias_ih", "fromInput", TRANSPOSED)
        .node("Gemm", "h lstm_cell.weight_hh lstm_cell.bias_hh", "fromState", TRANSPOSED)
        .node("Add", "fromInput fromState", "gates")
        .node("Split", "gates", "in forget cell out", attribute("axis", 1))
        .node("Sigmoid", "in", "i")
        .node("Sigmoid", "forget", "f")
        .node("Tanh", "cell", "g")
        .node("Sigmoid", "out", "o")
        .node("Mul", "f c", "kept")
        .node("Mul", "i g", "added")
        .node("Add", "kept added", "newC")
        .node("Tanh", "newC", "bounded")
        .node("Mul", "o bounded", "newH")
        .node("Unsqueeze", "newH first", "nextH")
        .node("Unsqueeze", "newC first", "nextC")
        .node("Concat", "nextH nextC", "stateN", attribute("axis", 0))
        .node("Relu", "newH", "active")
        .node("Unsqueeze", "active third", "column")
        .node("Conv", "column final_conv.weight final_conv.bias", "score")
        .node("Sigmoid", "score", "certainty")
        .node("Squeeze", "certainty third", "output");
  }
}
