// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;

/**
 * Tensors side by side in one piece of memory, so that many small ones cost one allocation and one
 * wait. The batch is a holder of the memory, and so is each tensor that it gives out.
 */
final class TensorBatch implements AutoCloseable {
  /** Where several tensors are in one buffer, each at an address that suits every device. */
  static final class Layout {
    private final long[] offsets;
    private final long size;

    private Layout(long[] offsets, long size) {
      this.offsets = offsets;
      this.size = size;
    }

    /** Places items one after the other. */
    static <T> Layout of(List<T> items, ToLongFunction<T> bytes) {
      long[] offsets = new long[items.size()];
      long end = 0;
      for (int i = 0; i < offsets.length; i++) {
        offsets[i] = Math.multiplyExact(Math.ceilDiv(end, Memory.ALIGNMENT), Memory.ALIGNMENT);
        end = Math.addExact(offsets[i], bytes.applyAsLong(items.get(i)));
      }
      return new Layout(offsets, end);
    }

    /** Returns where an item starts, in bytes. */
    long offset(int item) {
      return offsets[item];
    }

    /** Returns the size of the buffer, in bytes. */
    long size() {
      return size;
    }
  }

  private final Memory memory;
  private final long size;
  private final List<Piece> pieces;

  private TensorBatch(Memory memory, long size, List<Piece> pieces) {
    this.memory = memory;
    this.size = size;
    this.pieces = pieces;
  }

  /** Writes the tensors of a batch. */
  @FunctionalInterface
  interface Filler {
    void fill(TensorBatch batch, DeviceStream stream) throws LoadException;
  }

  /** Allocates memory for tensors and has it filled; returns when all is there. */
  static TensorBatch make(SharedContext context, List<TensorSpec> specs, Filler filler)
      throws LoadException {
    TensorBatch batch = allocate(context, specs);
    try {
      context.run(stream -> filler.fill(batch, stream));
      return batch;
    } catch (Throwable e) {
      Cleanup.after(e, batch::close);
      throw e;
    }
  }

  /** Allocates memory for tensors, which is not filled. */
  static TensorBatch allocate(SharedContext context, List<TensorSpec> specs) throws LoadException {
    Layout layout = Layout.of(specs, TensorSpec::bytes);
    Memory memory = Memory.allocate(context, layout.size());
    List<Piece> pieces = new ArrayList<>(specs.size());
    for (TensorSpec spec : specs) {
      long offset = layout.offset(pieces.size());
      pieces.add(new Piece(spec, memory, Region.of(memory.buffer(), offset, spec.bytes())));
    }
    return new TensorBatch(memory, layout.size(), pieces);
  }

  /** Copies tensors, converting each to its type in the list if it is of another one. */
  static TensorBatch copy(SharedContext context, List<Piece> sources, List<DType> types)
      throws LoadException {
    List<TensorSpec> specs = new ArrayList<>(sources.size());
    for (Piece source : sources) {
      specs.add(source.spec().as(types.get(specs.size())));
    }
    return using(
        sources, () -> make(context, specs, (batch, stream) -> batch.copyAll(sources, stream)));
  }

  /** Keeps the memory of tensors while the calling thread works on it. */
  static <T> T using(List<Piece> pieces, LostPages.Work<T, LoadException> work)
      throws LoadException {
    Set<Memory> memories = pieces.stream().map(Piece::memory).collect(Collectors.toSet());
    try (Memory.Use _ = Memory.useAll(memories)) {
      return LostPages.named(memories, work);
    }
  }

  /** Queues copies of tensors, each to its place in this batch. */
  void copyAll(List<Piece> sources, DeviceStream stream) throws LoadException {
    for (int i = 0; i < pieces.size(); i++) {
      copy(sources.get(i), pieces.get(i), stream);
    }
  }

  private static void copy(Piece source, Piece target, DeviceStream stream) throws LoadException {
    DType from = source.spec().dtype();
    DType to = target.spec().dtype();
    if (target.region().bytes() == 0) {
      return;
    }
    if (from == to) {
      stream.copy(source.region(), target.region());
    } else {
      stream.convert(source.region(), from, target.region(), to);
    }
  }

  Memory memory() {
    return memory;
  }

  /** Returns the memory of all tensors, and what is between them. */
  Region region() {
    return Region.of(memory.buffer(), 0, size);
  }

  List<Piece> pieces() {
    return pieces;
  }

  /** Returns all tensors as copies, which the caller closes. */
  List<Tensor> tensors() {
    return pieces.stream().map(DefaultTensor::copy).toList();
  }

  @Override
  public void close() {
    memory.release();
  }
}
