// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.sim;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.StreamMark;
import io.fastsafetensors.toolkit.device.HostMemory;
import io.fastsafetensors.toolkit.device.StreamArguments;
import java.lang.foreign.MemorySegment;

/** Copies and conversions of simulated memory, each carried out late by a {@link LateQueue}. */
final class SimStream implements DeviceStream {
  private final SimContext context;
  private final LateQueue queue;
  private boolean closed;

  SimStream(SimContext context) {
    this.context = context;
    this.queue = new LateQueue(context.simulated());
  }

  @Override
  public DeviceContext context() {
    return context;
  }

  @Override
  public void copy(Region source, Region target) {
    StreamArguments.checkRows(source, target);
    Memory from = memory(source);
    Memory to = memory(target);
    enqueue("copy", () -> copyRows(from.now(), source.pitch(), to.now(), target.pitch(), source));
  }

  @Override
  public void copyFromHost(MemorySegment source, Region target) {
    checkHost(source, target);
    Memory to = memory(target);
    enqueue(
        "copy from the host",
        () -> copyRows(source, target.rowBytes(), to.now(), target.pitch(), target));
  }

  @Override
  public void copyToHost(Region source, MemorySegment target) {
    checkHost(target, source);
    Memory from = memory(source);
    enqueue(
        "copy to the host",
        () -> copyRows(from.now(), source.pitch(), target, source.rowBytes(), source));
  }

  private static void copyRows(
      MemorySegment source, long sourcePitch, MemorySegment target, long targetPitch, Region rows) {
    HostMemory.copyRows(source, sourcePitch, target, targetPitch, rows.rows(), rows.rowBytes());
  }

  @Override
  public void convert(Region source, DType from, Region target, DType to) {
    StreamArguments.checkConversion(context, source, from, target, to);
    Memory read = memory(source);
    Memory written = memory(target);
    enqueue("conversion", () -> HostMemory.convert(read.now(), from, written.now(), to));
  }

  @Override
  public StreamMark record() {
    context.requireAttached("mark in a stream");
    return new SimMark(context, queue, queue.length());
  }

  /** Returns 0: no native library knows this queue. */
  @Override
  public long handle() {
    return 0;
  }

  @Override
  public void close() {
    if (!closed) {
      context.requireAttached("close of a stream");
      closed = true;
      queue.close();
      context.closed(context.simulated().streams);
    }
  }

  private void enqueue(String name, Runnable work) {
    context.requireAttached(name);
    if (closed) {
      throw new IllegalStateException("this stream of " + context.device() + " is closed");
    }
    queue.add(name, work);
  }

  private void checkHost(MemorySegment host, Region region) {
    StreamArguments.checkHost(host, region);
    if (!host.isAccessibleBy(queue.worker())) {
      throw new IllegalArgumentException(
          "host memory of one thread: a device needs a shared arena (rule D-203)");
    }
  }

  private Memory memory(Region region) {
    if (!region.buffer().device().type().equals(SimRuntime.TYPE)) {
      throw new IllegalArgumentException("not memory of a simulated device: " + region);
    }
    long rows = region.rows();
    long span = rows == 0 ? 0 : (rows - 1) * region.pitch() + region.rowBytes();
    return new Memory(context.addresses(), region.address(), span);
  }

  /** Where an operation finds its bytes, looked up when it runs: freed memory shows then. */
  private record Memory(SimMemory addresses, long address, long span) {
    MemorySegment now() {
      return addresses.at(address, span);
    }
  }
}
