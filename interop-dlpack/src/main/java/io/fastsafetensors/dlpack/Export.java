// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.dlpack;

import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.toolkit.host.HostLimits;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Makes capsules. A struct, its dimensions and strides, and a small copy of the elements are one
 * block of the C library: that takes no arena, whose close would stop all threads for a moment.
 *
 * @param library where blocks come from
 * @param tensor what is handed over
 * @param options how
 * @param type the elements' type for who takes them
 * @param shape their dimensions
 */
record Export(CLibrary library, Tensor tensor, ExportOptions options, TypeCode type, Shape shape) {
  /** Larger copies are made by the device's runtime, which has huge pages, and knows its limits. */
  private static final long SMALL = 64 << 10;

  static Capsule of(Tensor tensor, ExportOptions options) throws LoadException {
    int deviceType = DLPack.deviceType(tensor.device());
    DType dtype = tensor.dtype();
    TypeCode type = TypeCode.of(dtype);
    Shape shape = tensor.shape();
    if (options.bits()) {
      type = TypeCode.bitsOf(dtype);
      shape = TypeCode.bitsShape(dtype, shape);
    } else if (options.pairs() && dtype == DType.F4) {
      type = TypeCode.pairsOfF4();
      shape = TypeCode.pairsShape(tensor);
    }
    return new Export(CLibrary.get(), tensor, options, type, shape).capsule(deviceType);
  }

  private Capsule capsule(int deviceType) throws LoadException {
    Optional<String> reason = reasonToCopy();
    if (reason.isEmpty()) {
      long flags = tensor.isWritable() ? 0 : StructForm.READ_ONLY;
      return held(tensor.retain(), flags, deviceType);
    }
    if (options.copy() == CopyMode.NEVER) {
      throw new UnsupportedOperationException(
          "tensor %s can't be handed over without a copy: %s"
              .formatted(tensor.name(), reason.get()));
    }
    return tensor.device().isCpu() && tensor.byteSize() <= SMALL
        ? copiedInBlock(deviceType)
        : held(tensor.copy(), StructForm.IS_COPIED, deviceType);
  }

  /** Returns why the memory can't be handed over as it is; empty if it can. */
  private Optional<String> reasonToCopy() {
    if (options.copy() == CopyMode.ALWAYS) {
      return Optional.of("a copy is asked for");
    }
    if (tensor.byteSize() == 0) {
      return Optional.empty();
    }
    if (!tensor.isWritable() && !(options.readOnly() && options.versioned())) {
      return Optional.of(
          "it must not be written: load with LoadOptions.writable, or allow readOnly to who looks"
              + " at the flag, in a versioned struct");
    }
    OptionalLong address = address();
    if (address.isEmpty()) {
      return Optional.of("it is in a Java array");
    }
    return address.getAsLong() % options.alignment() == 0
        ? Optional.empty()
        : Optional.of(
            "its address 0x%s is no multiple of %s"
                .formatted(Long.toHexString(address.getAsLong()), options.alignment()));
  }

  private OptionalLong address() {
    try {
      return OptionalLong.of(tensor.address());
    } catch (UnsupportedOperationException e) {
      return OptionalLong.empty();
    }
  }

  /** Hands over memory that a tensor holds, which becomes the capsule's. */
  private Capsule held(Tensor holder, long flags, int deviceType) throws LoadException {
    try {
      long data = holder.byteSize() == 0 ? 0 : holder.address();
      MemorySegment block = block(0);
      fill(block, data, flags, deviceType);
      return new Capsule(library, form(), flags, block, holder);
    } catch (Throwable e) {
      holder.close();
      throw e;
    }
  }

  private Capsule copiedInBlock(int deviceType) throws LoadException {
    long bytes = tensor.byteSize();
    MemorySegment block = block(bytes);
    try {
      long room = ExportOptions.MOST_ALIGNMENT;
      long data = bytes == 0 ? 0 : (block.address() + headBytes() + room - 1) & -room;
      if (bytes > 0) {
        tensor.toHost(block.asSlice(data - block.address(), bytes));
      }
      fill(block, data, StructForm.IS_COPIED, deviceType);
      return new Capsule(library, form(), StructForm.IS_COPIED, block, null);
    } catch (Throwable e) {
      library.free(block.address());
      throw e;
    }
  }

  private StructForm form() {
    return options.versioned() ? StructForm.VERSIONED : StructForm.UNVERSIONED;
  }

  /** Returns the size of the struct, with dimensions and strides behind it. */
  private long headBytes() {
    return form().size() + 2L * Long.BYTES * shape.dimensions();
  }

  private MemorySegment block(long copied) throws DeviceMemoryException {
    long bytes = headBytes() + (copied == 0 ? 0 : copied + ExportOptions.MOST_ALIGNMENT);
    long address = library.malloc(bytes);
    if (address == 0) {
      long free = HostLimits.SYSTEM.memory().map(info -> info.freeBytes()).orElse(0L);
      throw new DeviceMemoryException(tensor.device(), bytes, free, "malloc has none", null);
    }
    return CLibrary.memory(address, bytes);
  }

  private void fill(MemorySegment block, long data, long flags, int deviceType) {
    block.asSlice(0, headBytes()).fill((byte) 0);
    long dims = form().size();
    long strides = dims + (long) Long.BYTES * shape.dimensions();
    long stride = 1;
    for (int dim = shape.dimensions() - 1; dim >= 0; dim--) {
      block.set(ValueLayout.JAVA_LONG, dims + (long) Long.BYTES * dim, shape.dim(dim));
      block.set(ValueLayout.JAVA_LONG, strides + (long) Long.BYTES * dim, stride);
      stride *= Math.max(1, shape.dim(dim));
    }
    int deviceId = tensor.device().index();
    StructForm.Content content =
        new StructForm.Content(data, deviceType, deviceId, shape.dimensions(), type, 0);
    form().writeContent(block, content, block.address() + dims, block.address() + strides);
    form().writeFlags(block, flags);
  }
}
