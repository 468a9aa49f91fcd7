// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.examples.speech;

import ai.onnxruntime.OnnxJavaType;
import io.fastsafetensors.format.DType;

/** The element types of ONNX, in its files and in ONNX Runtime's Java API. */
final class OnnxTypes {
  private OnnxTypes() {}

  /** Returns the number that {@code TensorProto.data_type} has for a type. */
  static int inFiles(DType dtype) {
    return switch (dtype) {
      case F32 -> 1;
      case U8 -> 2;
      case I8 -> 3;
      case U16 -> 4;
      case I16 -> 5;
      case I32 -> 6;
      case I64 -> 7;
      case BOOL -> 9;
      case F16 -> 10;
      case F64 -> 11;
      case U32 -> 12;
      case U64 -> 13;
      case C64 -> 14;
      case BF16 -> 16;
      case F8_E4M3 -> 17;
      case F8_E4M3FNUZ -> 18;
      case F8_E5M2 -> 19;
      case F8_E5M2FNUZ -> 20;
      case F4 -> 23;
      case F8_E8M0 -> 24;
      default -> throw new UnsupportedOperationException("ONNX files have no " + dtype);
    };
  }

  /** Returns the type that the Java API makes tensors of. */
  static OnnxJavaType inJava(DType dtype) {
    return switch (dtype) {
      case F64 -> OnnxJavaType.DOUBLE;
      case F32 -> OnnxJavaType.FLOAT;
      case F16 -> OnnxJavaType.FLOAT16;
      case BF16 -> OnnxJavaType.BFLOAT16;
      case I64 -> OnnxJavaType.INT64;
      case I32 -> OnnxJavaType.INT32;
      case I16 -> OnnxJavaType.INT16;
      case I8 -> OnnxJavaType.INT8;
      case U8 -> OnnxJavaType.UINT8;
      case BOOL -> OnnxJavaType.BOOL;
      default -> throw new UnsupportedOperationException("ONNX Runtime for Java has no " + dtype);
    };
  }
}
