// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.examples.embeddings;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** The encoder of a BERT model, by PyTorch's operators; only as much as all-MiniLM-L6-v2 needs. */
final class Bert {
  private static final int LAYERS = 6;
  private static final int HEADS = 12;
  private static final double EPSILON = 1e-12;

  private final Weights weights;

  /** Makes one; the weights stay the caller's. */
  Bert(Weights weights) {
    this.weights = weights;
  }

  /** Returns the features of each token of a sentence: [1, tokens, features]. */
  Tensor encode(long[] tokens) {
    Tensor ids = torch.tensor(tokens).unsqueeze(0);
    Tensor words = torch.embedding(weights.get("embeddings.word_embeddings.weight"), ids);
    Tensor positions =
        weights.get("embeddings.position_embeddings.weight").narrow(0, 0, tokens.length);
    Tensor types = weights.get("embeddings.token_type_embeddings.weight").select(0, 0);
    Tensor features = norm("embeddings.LayerNorm", words.add(positions).add(types));
    for (int layer = 0; layer < LAYERS; layer++) {
      features = layer("encoder.layer." + layer + ".", features);
    }
    return features;
  }

  private Tensor layer(String layer, Tensor input) {
    String attention = layer + "attention.output.";
    Tensor attended = linear(attention + "dense", attend(layer + "attention.self.", input));
    Tensor middle = norm(attention + "LayerNorm", attended.add(input));
    Tensor wide = torch.gelu(linear(layer + "intermediate.dense", middle));
    Tensor narrow = linear(layer + "output.dense", wide);
    return norm(layer + "output.LayerNorm", narrow.add(middle));
  }

  private Tensor attend(String self, Tensor input) {
    Tensor attended =
        torch.scaled_dot_product_attention(
            heads(linear(self + "query", input)),
            heads(linear(self + "key", input)),
            heads(linear(self + "value", input)));
    return attended.transpose(1, 2).reshape(1, input.size(1), input.size(2));
  }

  private static Tensor heads(Tensor features) {
    return features.reshape(1, features.size(1), HEADS, features.size(2) / HEADS).transpose(1, 2);
  }

  private Tensor linear(String name, Tensor input) {
    return torch.linear(input, weights.get(name + ".weight"), weights.get(name + ".bias"));
  }

  private Tensor norm(String name, Tensor input) {
    TensorOptional weight = new TensorOptional(weights.get(name + ".weight"));
    TensorOptional bias = new TensorOptional(weights.get(name + ".bias"));
    return torch.layer_norm(input, new long[] {input.size(2)}, weight, bias, EPSILON, false);
  }
}
