// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.examples.jlama;

import com.github.tjake.jlama.safetensors.DType;
import com.github.tjake.jlama.safetensors.TensorInfo;
import com.github.tjake.jlama.tensor.AbstractTensor;
import com.github.tjake.jlama.tensor.BFloat16BufferTensor;
import com.github.tjake.jlama.tensor.Float16BufferTensor;
import com.github.tjake.jlama.tensor.FloatBufferTensor;
import com.github.tjake.jlama.tensor.Q8ByteBufferTensor;
import com.github.tjake.jlama.tensor.TensorShape;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.LoadException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.function.Supplier;

/** Tensors of Jlama's that read our memory, of the same classes as its own loader makes. */
final class JlamaTensors {
  private JlamaTensors() {}

  /** Says what Jlama wants to know of a tensor before it is loaded. */
  static TensorInfo info(io.fastsafetensors.format.TensorInfo tensor) {
    long[] range = {tensor.begin(), tensor.end()};
    return new TensorInfo(type(tensor), tensor.shape().dims(), range);
  }

  private static DType type(io.fastsafetensors.format.TensorInfo tensor) {
    for (DType type : DType.values()) {
      if (type.name().equals(tensor.dtype().name())) {
        return type;
      }
    }
    throw new UnsupportedOperationException("Jlama has no such type: " + tensor);
  }

  /**
   * Makes one.
   *
   * @param tensor in memory of the host, which must stay open
   * @param shape as Jlama sees it
   * @param model the type of most of the model's tensors: F16 is made F32 if that is
   * @param scales of what is quantised
   */
  static AbstractTensor<?, ?> of(
      Tensor tensor, TensorShape shape, DType model, Supplier<AbstractTensor<?, ?>> scales)
      throws LoadException {
    String name = tensor.name();
    ByteBuffer bytes = tensor.asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    return switch (tensor.dtype()) {
      case F32 -> new FloatBufferTensor(name, bytes.asFloatBuffer(), shape, true);
      case F16 ->
          model == DType.F32
              ? new FloatBufferTensor(name, FloatBuffer.wrap(tensor.toFloatArray()), shape, true)
              : new Float16BufferTensor(name, bytes.asShortBuffer(), shape, true);
      case BF16 -> new BFloat16BufferTensor(name, bytes.asShortBuffer(), shape, true);
      case I8 -> new Q8ByteBufferTensor(name, bytes, (FloatBufferTensor) scales.get(), shape, true);
      default ->
          throw new UnsupportedOperationException(
              "Jlama has no weights of " + tensor.dtype() + ": " + name);
    };
  }
}
