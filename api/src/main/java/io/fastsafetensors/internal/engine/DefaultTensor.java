// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.DType;
import io.fastsafetensors.Device;
import io.fastsafetensors.LoadException;
import io.fastsafetensors.Shape;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.Region;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/** A tensor: a name, a type and a shape for a region of memory. */
public final class DefaultTensor implements Tensor {
  private final String name;
  private final DType dtype;
  private final Shape shape;
  private final Memory memory;
  private final Region region;
  private final boolean view;
  private final Leaks.Trace trace;
  private final AtomicBoolean closed = new AtomicBoolean();

  private DefaultTensor(
      String name, DType dtype, Shape shape, Memory memory, Region region, boolean view) {
    this.name = name;
    this.dtype = dtype;
    this.shape = shape;
    this.memory = memory;
    this.region = region;
    this.view = view;
    this.trace = view ? Leaks.unwatched() : Leaks.watch(this, "tensor '" + name + "'");
  }

  /** Makes a tensor that borrows its memory. */
  static DefaultTensor view(String name, DType dtype, Shape shape, LoadedFile.Place place) {
    return new DefaultTensor(name, dtype, shape, place.memory(), place.region(), true);
  }

  /** Makes a tensor that becomes a holder of its memory. */
  static DefaultTensor copy(String name, DType dtype, Shape shape, Memory memory, Region region) {
    memory.retain();
    return new DefaultTensor(name, dtype, shape, memory, region, false);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public DType dtype() {
    return dtype;
  }

  @Override
  public Shape shape() {
    return shape;
  }

  @Override
  public Device device() {
    return memory.buffer().device();
  }

  @Override
  public long byteSize() {
    return region.bytes();
  }

  @Override
  public boolean isView() {
    return view;
  }

  @Override
  public long address() {
    checkOpen();
    return region.address();
  }

  @Override
  public Optional<MemorySegment> host() {
    checkOpen();
    return hostMemory().map(segment -> view ? segment.asReadOnly() : segment);
  }

  private Optional<MemorySegment> hostMemory() {
    DeviceBuffer buffer = region.buffer();
    return buffer.host().map(segment -> segment.asSlice(region.offset(), region.bytes()));
  }

  @Override
  public void toHost(MemorySegment target) throws LoadException {
    if (target.byteSize() < byteSize()) {
      throw new IllegalArgumentException(
          "tensor '%s' has %d bytes, the target %d".formatted(name, byteSize(), target.byteSize()));
    }
    use(() -> Downloads.toHost(memory.context(), region, target.asSlice(0, byteSize())));
  }

  @Override
  public Tensor copy() throws LoadException {
    return converted(dtype);
  }

  @Override
  public Tensor to(DType to) throws LoadException {
    return converted(to);
  }

  private Tensor converted(DType to) throws LoadException {
    checkOpen();
    LoadConversion.checkPair("'" + name + "'", dtype, to, memory.context().attached());
    long bytes = to.byteSize(shape.elements());
    Memory target = Memory.allocate(memory.context(), bytes);
    try {
      Region whole = Region.of(target.buffer(), 0, bytes);
      if (bytes > 0) {
        use(() ->
            memory
                .context()
                .run(stream -> LoadConversion.convert(stream, region, dtype, whole, to)));
      }
      return copy(name, to, shape, target, whole);
    } finally {
      target.release();
    }
  }

  /** Returns the tensor's bytes; of no use once the tensor has ended. */
  Region region() {
    checkOpen();
    return region;
  }

  /** Work on the tensor's memory. */
  @FunctionalInterface
  private interface Work {
    void run() throws LoadException;
  }

  /** Keeps the memory from being freed while work runs on it. */
  private void use(Work work) throws LoadException {
    checkOpen();
    if (!memory.tryRetain()) {
      throw ended();
    }
    try {
      work.run();
    } finally {
      memory.release();
    }
  }

  private void checkOpen() {
    if (closed.get() || memory.viewsEnded()) {
      throw ended();
    }
  }

  private IllegalStateException ended() {
    return new IllegalStateException(
        "tensor '" + name + "' has ended: " + (view ? "its FileBuffer is closed" : "it is closed"));
  }

  @Override
  public void close() {
    if (!view && closed.compareAndSet(false, true)) {
      release();
      trace.closed();
    }
  }

  private void release() {
    try {
      memory.release();
    } catch (IllegalStateException e) {
      closed.set(false);
      throw e;
    }
  }

  /** Returns name, type, shape and device. */
  @Override
  public String toString() {
    return "'" + name + "' " + dtype + " " + shape + " on " + device();
  }
}
