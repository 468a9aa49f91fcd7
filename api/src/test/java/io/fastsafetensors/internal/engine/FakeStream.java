// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.StreamMark;
import io.fastsafetensors.toolkit.device.HostMemory;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/** A simulated queue that does nothing before somebody waits for it, or closes it. */
final class FakeStream implements DeviceStream {
  private final FakeContext context;
  private final Ledger.Entry entry;
  private final Queue<Runnable> queued = new ArrayDeque<>();
  private @Nullable LoadException failure;

  FakeStream(FakeContext context) {
    this.context = context;
    this.entry = context.runtime().ledger.open("stream");
  }

  @Override
  public DeviceContext context() {
    return context;
  }

  @Override
  public void copy(Region source, Region target) {
    enqueue(() ->
        HostMemory.copyRows(
            memory(source),
            source.pitch(),
            memory(target),
            target.pitch(),
            source.rows(),
            source.rowBytes()));
  }

  @Override
  public void copyFromHost(MemorySegment source, Region target) {
    checkShared(source);
    enqueue(() ->
        HostMemory.copyRows(
            source,
            target.rowBytes(),
            memory(target),
            target.pitch(),
            target.rows(),
            target.rowBytes()));
  }

  @Override
  public void copyToHost(Region source, MemorySegment target) {
    checkShared(target);
    enqueue(() ->
        HostMemory.copyRows(
            memory(source),
            source.pitch(),
            target,
            source.rowBytes(),
            source.rows(),
            source.rowBytes()));
  }

  @Override
  public void convert(Region source, DType from, Region target, DType to) {
    enqueue(() ->
        HostMemory.convert(
            memory(source).asSlice(0, source.bytes()), from,
            memory(target).asSlice(0, target.bytes()), to));
  }

  private static void checkShared(MemorySegment host) {
    if (!host.isNative() || !host.isAccessibleBy(new Thread(() -> {}))) {
      throw new AssertionError("a device reaches only native memory that all threads may use");
    }
  }

  private static MemorySegment memory(Region region) {
    return ((FakeBuffer) region.buffer()).onDevice().asSlice(region.offset());
  }

  private synchronized void enqueue(Runnable operation) {
    context.checkUsable();
    entry.checkOpen();
    if (context.runtime().operationsUntilFailure.getAndDecrement() <= 0) {
      failure = new LoadException("the device failed on demand");
      return;
    }
    queued.add(operation);
  }

  private synchronized void work() {
    while (!queued.isEmpty()) {
      queued.remove().run();
    }
  }

  @Override
  public StreamMark record() {
    context.checkUsable();
    entry.checkOpen();
    return new StreamMark() {
      @Override
      public boolean isDone() {
        return queued.isEmpty();
      }

      @Override
      public void await(Deadline deadline) throws LoadException {
        work();
        if (failure != null) {
          throw failure;
        }
      }
    };
  }

  @Override
  public long handle() {
    return 0;
  }

  @Override
  public void close() {
    context.checkUsable();
    work();
    entry.close();
  }
}
