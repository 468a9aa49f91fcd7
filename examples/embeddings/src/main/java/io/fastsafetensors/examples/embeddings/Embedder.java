// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.examples.embeddings;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Path;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/** Embeds sentences: the mean of the features of all tokens, of length 1. */
final class Embedder implements AutoCloseable {
  private static final int MOST_TOKENS = 256;

  private final HuggingFaceTokenizer tokenizer;
  private final Weights weights;
  private final Bert bert;

  /** Makes one of the model's folder, and of weights, which this closes. */
  Embedder(Path folder, Weights weights) throws IOException {
    this.weights = weights;
    this.bert = new Bert(weights);
    this.tokenizer =
        HuggingFaceTokenizer.builder()
            .optTokenizerPath(folder.resolve("tokenizer.json"))
            .optPadding(false)
            .optTruncation(true)
            .optMaxLength(MOST_TOKENS)
            .build();
  }

  /** Embeds a sentence. */
  float[] embed(String sentence) {
    long[] tokens = tokenizer.encode(sentence).getIds();
    try (PointerScope _ = new PointerScope(); // what is made here ends here
        NoGradGuard _ = new NoGradGuard()) {
      Tensor mean = bert.encode(tokens).mean(1).reshape(-1);
      Tensor vector = mean.div(mean.norm()).contiguous();
      float[] values = new float[(int) vector.numel()];
      vector.data_ptr_float().get(values);
      return values;
    }
  }

  @Override
  public void close() {
    tokenizer.close();
    weights.close();
  }
}
