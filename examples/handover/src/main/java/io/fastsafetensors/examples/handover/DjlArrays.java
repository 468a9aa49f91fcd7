// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.examples.handover;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import java.util.UUID;

/**
 * Tensors as arrays of DJL. The engines PyTorch and ONNX Runtime read the memory of a direct buffer
 * in place; so the array's manager holds the tensor's memory until it is closed. Buffer and loader
 * may be closed before. An engine may write to the memory, which ends the process if it is mapped
 * for reading: load with {@code LoadOptions.writable(true)}.
 */
public final class DjlArrays {
  private DjlArrays() {}

  /**
   * Makes an array.
   *
   * @param manager of the engine; closes the array, and gives the memory back
   * @param tensor less than 2 GiB
   * @return the array
   * @throws LoadException if the tensor's device fails
   * @throws UnsupportedOperationException if DJL has no such type, or the tensor is larger
   */
  public static NDArray of(NDManager manager, Tensor tensor) throws LoadException {
    DataType type = type(tensor.dtype());
    Tensor held = tensor.retain();
    manager.attachInternal(UUID.randomUUID().toString(), held);
    return manager.create(held.asByteBuffer(), new Shape(tensor.shape().dims()), type);
  }

  /** Returns DJL's name of a type; an engine may know fewer. */
  static DataType type(DType dtype) {
    return switch (dtype) {
      case F64 -> DataType.FLOAT64;
      case F32 -> DataType.FLOAT32;
      case F16 -> DataType.FLOAT16;
      case BF16 -> DataType.BFLOAT16;
      case I64 -> DataType.INT64;
      case I32 -> DataType.INT32;
      case I16 -> DataType.INT16;
      case I8 -> DataType.INT8;
      case U64 -> DataType.UINT64;
      case U32 -> DataType.UINT32;
      case U16 -> DataType.UINT16;
      case U8 -> DataType.UINT8;
      case BOOL -> DataType.BOOLEAN;
      case C64 -> DataType.COMPLEX64;
      default -> throw new UnsupportedOperationException("DJL has no " + dtype);
    };
  }
}
