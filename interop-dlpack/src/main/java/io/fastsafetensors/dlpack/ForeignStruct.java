// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.dlpack;

import io.fastsafetensors.dlpack.StructForm.Content;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * What another library's struct says, which is believed as little as can be.
 *
 * @param address where the struct is
 * @param content most of its fields
 * @param dims its dimensions
 * @param strides its strides, in elements; empty if there are none
 * @param flags its flags
 * @param deleter its deleter; 0 if there is none
 */
record ForeignStruct(
    long address, Content content, List<Long> dims, List<Long> strides, long flags, long deleter) {
  /** Whose memory the host reads where it is. */
  private static final Set<Integer> OF_HOST =
      Set.of(StructForm.CPU, StructForm.CUDA_HOST, StructForm.ROCM_HOST, StructForm.CUDA_MANAGED);

  /** More than any library has. */
  private static final int MOST_DIMENSIONS = 1024;

  static ForeignStruct read(StructForm form, long address) {
    MemorySegment struct = CLibrary.memory(address, form.size());
    form.checkVersion(struct);
    Content content = form.readContent(struct);
    if (content.dimensions() < 0 || content.dimensions() > MOST_DIMENSIONS) {
      throw broken("has " + content.dimensions() + " dimensions");
    }
    return new ForeignStruct(
        address,
        content,
        numbers(form.shape(struct), content.dimensions(), "its dimensions"),
        form.strides(struct) == 0
            ? List.of()
            : numbers(form.strides(struct), content.dimensions(), "its strides"),
        form.flags(struct),
        form.deleter(struct));
  }

  private static List<Long> numbers(long address, int count, String what) {
    if (count > 0 && address == 0) {
      throw broken("doesn't say " + what);
    }
    return count == 0
        ? List.of()
        : Arrays.stream(
                CLibrary.memory(address, (long) Long.BYTES * count)
                    .toArray(ValueLayout.JAVA_LONG_UNALIGNED))
            .boxed()
            .toList();
  }

  private static IllegalArgumentException broken(String what) {
    return new IllegalArgumentException("a DLPack tensor " + what);
  }

  void checkDevice() {
    if (!OF_HOST.contains(content.deviceType())) {
      throw new UnsupportedOperationException(
          "a DLPack tensor is on a device of type %s, number %s, which the host doesn't see: copy it"
                  .formatted(content.deviceType(), content.deviceId())
              + " to the host first, as by tensor.cpu() in torch");
    }
  }

  DType dtype() {
    DType dtype =
        content
            .type()
            .dtype()
            .orElseThrow(() ->
                new UnsupportedOperationException(
                    "a DLPack tensor has elements of "
                        + content.type()
                        + ", which safetensors files don't: convert it first"));
    if (dtype.isSubByte() && (flags & StructForm.IS_PADDED) != 0) {
      throw new UnsupportedOperationException(
          "a DLPack tensor has elements of %s in whole bytes; files have them packed: pack it first"
              .formatted(dtype));
    }
    return dtype;
  }

  /** Returns the dimensions in elements of the file: two for each pair. */
  Shape shape() {
    long[] elements = dims.stream().mapToLong(dim -> dim).toArray();
    if (Arrays.stream(elements).anyMatch(dim -> dim < 0)) {
      throw broken("has the shape " + dims);
    }
    if (content.type().isPairOfF4()) {
      if (elements.length == 0) {
        throw new UnsupportedOperationException("a DLPack tensor is one pair of F4: reshape it");
      }
      elements[elements.length - 1] = Math.multiplyExact(2, elements[elements.length - 1]);
    }
    return Shape.of(elements);
  }

  /**
   * Makes sure that elements lie one after the other; where there is one only, strides say nothing.
   */
  void checkPacked() {
    boolean isEmpty = dims.contains(0L);
    long packed = 1;
    for (int dim = strides.size() - 1; dim >= 0 && !isEmpty; dim--) {
      if (dims.get(dim) != 1 && strides.get(dim) != packed) {
        throw new UnsupportedOperationException(
            "a DLPack tensor of shape %s has the strides %s, which are not row-major: make it"
                    .formatted(dims, strides)
                + " contiguous first");
      }
      packed *= dims.get(dim);
    }
  }

  long bytes(DType dtype, Shape shape) {
    try {
      long bytes = dtype.byteSize(shape.elements());
      if (bytes > 0 && content.data() == 0) {
        throw broken("has %s bytes at no address".formatted(bytes));
      }
      return bytes;
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException(
          "a DLPack tensor %s of %s: %s".formatted(dtype, shape, e.getMessage()), e);
    }
  }

  long data() {
    return content.data() + content.byteOffset();
  }

  boolean isReadOnly() {
    return (flags & StructForm.READ_ONLY) != 0;
  }
}
