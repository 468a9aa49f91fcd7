// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.StreamedTensor;
import io.fastsafetensors.TensorMemory;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.Region;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Fills memory that the caller brings, from a stream. */
final class GivenMemory {
  private final TensorMemory.Allocator allocator;

  /** The memory of the tensor that comes in pieces now. */
  private @Nullable TensorMemory open;

  GivenMemory(TensorMemory.Allocator allocator) {
    this.allocator = allocator;
  }

  /** Copies a tensor, or a piece of one, to its place. */
  void take(StreamedTensor tensor) throws LoadException {
    TensorMemory target = open;
    if (target == null) {
      target = allocate(tensor);
    }
    open = tensor.isLast() ? null : target;
    Optional<MemorySegment> host = target.host();
    if (host.isPresent()) {
      tensor.tensor().toHost(host.get().asSlice(tensor.offset(), tensor.tensor().byteSize()));
    } else {
      copy(tensor, target.address());
    }
  }

  private TensorMemory allocate(StreamedTensor tensor) throws LoadException {
    TensorMemory target;
    try {
      target =
          allocator.allocate(
              tensor.info(), tensor.tensor().dtype(), tensor.shape(), tensor.byteSize());
    } catch (LoadException | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new LoadException("tensor " + tensor.info() + ": no memory was given: " + e, e);
    }
    if (target.byteSize() != tensor.byteSize()) {
      throw new IllegalArgumentException(
          "tensor %s: the memory that was given has %s bytes, want %s"
              .formatted(tensor.info(), target.byteSize(), tensor.byteSize()));
    }
    return target;
  }

  private static void copy(StreamedTensor tensor, long address) throws LoadException {
    Piece piece = DefaultTensor.piece(tensor.tensor());
    long bytes = piece.region().bytes();
    SharedContext context = piece.memory().context();
    try (DeviceBuffer given =
            DeviceBuffer.ofDevice(context.device(), address + tensor.offset(), bytes, () -> {});
        Memory.Use _ = piece.memory().use()) {
      context.run(stream -> stream.copy(piece.region(), Region.of(given)));
    }
  }
}
