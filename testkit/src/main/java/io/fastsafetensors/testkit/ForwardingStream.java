// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.wrong;

import io.fastsafetensors.DType;
import io.fastsafetensors.LoadException;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.StreamMark;
import java.lang.foreign.MemorySegment;

/** A right stream, to make wrong ones of by overriding. */
class ForwardingStream implements DeviceStream {
  private final DeviceContext context;
  private final DeviceStream stream;

  ForwardingStream(DeviceContext context, DeviceStream stream) {
    this.context = context;
    this.stream = stream;
  }

  @Override
  public DeviceContext context() {
    return context;
  }

  @Override
  public void copy(Region source, Region target) throws LoadException {
    stream.copy(source, target);
  }

  @Override
  public void copyFromHost(MemorySegment source, Region target) throws LoadException {
    stream.copyFromHost(source, target);
  }

  @Override
  public void copyToHost(Region source, MemorySegment target) throws LoadException {
    stream.copyToHost(source, target);
  }

  @Override
  public void convert(Region source, DType from, Region target, DType to) throws LoadException {
    stream.convert(source, from, target, to);
  }

  @Override
  public StreamMark record() throws LoadException {
    return stream.record();
  }

  @Override
  public long handle() {
    return stream.handle();
  }

  @Override
  public void close() {
    stream.close();
  }
}
