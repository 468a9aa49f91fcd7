// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.dlpack;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Where the fields of DLPack's two structs are, in bytes: {@code DLManagedTensorVersioned} and
 * {@code DLManagedTensor}, each with a {@code DLTensor} in it. Pointers have 64 bits.
 */
enum StructForm {
  /** {@code {version, manager_ctx, deleter, flags, dl_tensor}}. */
  VERSIONED("dltensor_versioned", 80, 32, 16),
  /** {@code {dl_tensor, manager_ctx, deleter}}. */
  UNVERSIONED("dltensor", 64, 0, 56);

  static final int CPU = 1;
  static final int CUDA = 2;
  static final int CUDA_HOST = 3;
  static final int ROCM_HOST = 11;
  static final int CUDA_MANAGED = 13;

  static final long READ_ONLY = 1;
  static final long IS_COPIED = 2;
  static final long IS_PADDED = 4;

  private static final int MAJOR = 1;

  /** The first that has codes for floats of 8 and fewer bits. */
  private static final int MINOR = 1;

  private static final long FLAGS = 24;

  // Of DLTensor.
  private static final long DATA = 0;
  private static final long DEVICE_TYPE = 8;
  private static final long DEVICE_ID = 12;
  private static final long DIMENSIONS = 16;
  private static final long CODE = 20;
  private static final long BITS = 21;
  private static final long LANES = 22;
  private static final long SHAPE = 24;
  private static final long STRIDES = 32;
  private static final long BYTE_OFFSET = 40;

  private final String capsuleName;
  private final long size;
  private final long tensor;
  private final long deleter;

  StructForm(String capsuleName, long size, long tensor, long deleter) {
    this.capsuleName = capsuleName;
    this.size = size;
    this.tensor = tensor;
    this.deleter = deleter;
  }

  /** Finds the form by the name of the Python capsule. */
  static StructForm ofName(String name) {
    return switch (name) {
      case "dltensor_versioned" -> VERSIONED;
      case "dltensor" -> UNVERSIONED;
      case "used_dltensor", "used_dltensor_versioned" ->
          throw new IllegalArgumentException("the capsule was taken before: it is a " + name);
      default ->
          throw new IllegalArgumentException(
              "a capsule named '%s': want dltensor or dltensor_versioned".formatted(name));
    };
  }

  String capsuleName() {
    return capsuleName;
  }

  long size() {
    return size;
  }

  /** What a {@code DLTensor} says, but for shape and strides. */
  record Content(
      long data, int deviceType, int deviceId, int dimensions, TypeCode type, long byteOffset) {}

  void writeContent(MemorySegment struct, Content content, long shape, long strides) {
    MemorySegment fields = struct.asSlice(tensor);
    fields.set(ValueLayout.JAVA_LONG, DATA, content.data);
    fields.set(ValueLayout.JAVA_INT, DEVICE_TYPE, content.deviceType);
    fields.set(ValueLayout.JAVA_INT, DEVICE_ID, content.deviceId);
    fields.set(ValueLayout.JAVA_INT, DIMENSIONS, content.dimensions);
    fields.set(ValueLayout.JAVA_BYTE, CODE, (byte) content.type.code());
    fields.set(ValueLayout.JAVA_BYTE, BITS, (byte) content.type.bits());
    fields.set(ValueLayout.JAVA_SHORT, LANES, (short) content.type.lanes());
    fields.set(ValueLayout.JAVA_LONG, SHAPE, shape);
    fields.set(ValueLayout.JAVA_LONG, STRIDES, strides);
    fields.set(ValueLayout.JAVA_LONG, BYTE_OFFSET, content.byteOffset);
  }

  Content readContent(MemorySegment struct) {
    MemorySegment fields = struct.asSlice(tensor);
    TypeCode type =
        new TypeCode(
            Byte.toUnsignedInt(fields.get(ValueLayout.JAVA_BYTE, CODE)),
            Byte.toUnsignedInt(fields.get(ValueLayout.JAVA_BYTE, BITS)),
            Short.toUnsignedInt(fields.get(ValueLayout.JAVA_SHORT, LANES)));
    return new Content(
        fields.get(ValueLayout.JAVA_LONG, DATA),
        fields.get(ValueLayout.JAVA_INT, DEVICE_TYPE),
        fields.get(ValueLayout.JAVA_INT, DEVICE_ID),
        fields.get(ValueLayout.JAVA_INT, DIMENSIONS),
        type,
        fields.get(ValueLayout.JAVA_LONG, BYTE_OFFSET));
  }

  /** Returns where the dimensions are. */
  long shape(MemorySegment struct) {
    return struct.get(ValueLayout.JAVA_LONG, tensor + SHAPE);
  }

  /** Returns where the strides are; 0 if there are none, since the elements are packed. */
  long strides(MemorySegment struct) {
    return struct.get(ValueLayout.JAVA_LONG, tensor + STRIDES);
  }

  /** Writes what the older struct doesn't have: the version, and flags. */
  void writeFlags(MemorySegment struct, long flags) {
    if (this == VERSIONED) {
      struct.set(ValueLayout.JAVA_INT, 0, MAJOR);
      struct.set(ValueLayout.JAVA_INT, Integer.BYTES, MINOR);
      struct.set(ValueLayout.JAVA_LONG, FLAGS, flags);
    }
  }

  long flags(MemorySegment struct) {
    return this == VERSIONED ? struct.get(ValueLayout.JAVA_LONG, FLAGS) : 0;
  }

  /** Makes sure that the fields are where this says. */
  void checkVersion(MemorySegment struct) {
    int major = this == VERSIONED ? struct.get(ValueLayout.JAVA_INT, 0) : MAJOR;
    if (major != MAJOR) {
      throw new UnsupportedOperationException(
          "the tensor is of DLPack %s, of which nothing is known here: ask for version %s.%s"
              .formatted(major, MAJOR, MINOR));
    }
  }

  void writeDeleter(MemorySegment struct, long function) {
    struct.set(ValueLayout.JAVA_LONG, deleter, function);
  }

  /** Returns the address of the deleter; 0 if there is none. */
  long deleter(MemorySegment struct) {
    return struct.get(ValueLayout.JAVA_LONG, deleter);
  }
}
