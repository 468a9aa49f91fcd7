// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.StreamMark;
import java.lang.foreign.MemorySegment;

/** A stream of a {@link TrackedContext}. */
final class TrackedStream extends ForwardingStream {
  private final TrackedContext context;
  private volatile boolean closed;

  TrackedStream(TrackedContext context, DeviceStream stream) {
    super(context, stream);
    this.context = context;
  }

  boolean isOpen() {
    return !closed;
  }

  @Override
  public void copy(Region source, Region target) throws LoadException {
    watch("copy");
    super.copy(source, target);
  }

  @Override
  public void copyFromHost(MemorySegment source, Region target) throws LoadException {
    watch("copyFromHost");
    context.host("copyFromHost", source);
    super.copyFromHost(source, target);
  }

  @Override
  public void copyToHost(Region source, MemorySegment target) throws LoadException {
    watch("copyToHost");
    context.host("copyToHost", target);
    super.copyToHost(source, target);
  }

  @Override
  public void convert(Region source, DType from, Region target, DType to) throws LoadException {
    watch("convert");
    super.convert(source, from, target, to);
  }

  @Override
  public StreamMark record() throws LoadException {
    watch("record");
    return super.record();
  }

  @Override
  public void close() {
    context.use("close of a stream");
    super.close();
    closed = true;
  }

  private void watch(String operation) throws LoadException {
    context.use(operation);
    context.failOperationOnDemand(operation);
  }
}
