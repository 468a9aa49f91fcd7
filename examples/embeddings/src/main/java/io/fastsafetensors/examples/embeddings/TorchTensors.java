// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.examples.embeddings;

import io.fastsafetensors.format.DType;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.PointerConsumer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Tensors of JavaCPP PyTorch that read memory of a loader's, without a copy. PyTorch holds the
 * memory until its last tensor of it ends, on whatever thread; buffer and loader may be closed
 * before.
 *
 * <p>PyTorch knows no read-only memory: an in-place operation on what is mapped from a file for
 * reading ends the process. So load with {@code LoadOptions.writable(true)}.
 */
public final class TorchTensors {
  /** One for all: JavaCPP has room for ten callbacks of a class, and passes on none beyond. */
  private static final PointerConsumer RELEASE =
      new PointerConsumer() {
        @Override
        public void call(Pointer data) {
          release(data.address());
        }
      };

  private static final Map<Long, Deque<io.fastsafetensors.Tensor>> HELD = new HashMap<>();

  private TorchTensors() {}

  /**
   * Makes a tensor of PyTorch's.
   *
   * @param tensor in memory of the host
   * @return a tensor with the same memory, to be closed as any other
   * @throws UnsupportedOperationException if PyTorch has no such type
   */
  public static Tensor of(io.fastsafetensors.Tensor tensor) {
    TensorOptions options = new TensorOptions(type(tensor.dtype()));
    long[] dims = tensor.shape().dims();
    if (tensor.byteSize() == 0) {
      return torch.empty(dims, options, null);
    }
    long held = hold(tensor);
    try (Pointer address = new Address(held)) {
      return torch.from_blob(address, dims, RELEASE, options);
    } catch (RuntimeException e) {
      release(held);
      throw e;
    }
  }

  private static long hold(io.fastsafetensors.Tensor tensor) {
    io.fastsafetensors.Tensor held = tensor.retain();
    synchronized (HELD) {
      HELD.computeIfAbsent(held.address(), _ -> new ArrayDeque<>()).add(held);
    }
    return held.address();
  }

  /** All that are held at an address are of the same memory, so that it doesn't matter which. */
  private static void release(long address) {
    io.fastsafetensors.Tensor last;
    synchronized (HELD) {
      Deque<io.fastsafetensors.Tensor> held = Objects.requireNonNull(HELD.get(address));
      last = held.remove();
      if (held.isEmpty()) {
        HELD.remove(address);
      }
    }
    last.close();
  }

  /** Returns PyTorch's name of a type. */
  static ScalarType type(DType dtype) {
    return switch (dtype) {
      case F64 -> ScalarType.Double;
      case F32 -> ScalarType.Float;
      case F16 -> ScalarType.Half;
      case BF16 -> ScalarType.BFloat16;
      case F8_E4M3 -> ScalarType.Float8_e4m3fn;
      case F8_E5M2 -> ScalarType.Float8_e5m2;
      case F8_E4M3FNUZ -> ScalarType.Float8_e4m3fnuz;
      case F8_E5M2FNUZ -> ScalarType.Float8_e5m2fnuz;
      case F8_E8M0 -> ScalarType.Float8_e8m0fnu;
      case I64 -> ScalarType.Long;
      case I32 -> ScalarType.Int;
      case I16 -> ScalarType.Short;
      case I8 -> ScalarType.Char;
      case U64 -> ScalarType.UInt64;
      case U32 -> ScalarType.UInt32;
      case U16 -> ScalarType.UInt16;
      case U8 -> ScalarType.Byte;
      case BOOL -> ScalarType.Bool;
      case C64 -> ScalarType.ComplexFloat;
      default -> throw new UnsupportedOperationException("PyTorch has no elements of " + dtype);
    };
  }

  /** An address that JavaCPP frees nothing of. */
  private static final class Address extends Pointer {
    Address(long address) {
      this.address = address;
    }
  }
}
