// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.StreamMark;
import java.lang.foreign.MemorySegment;

/**
 * A stream that passes everything on to another one, for tests that override some of it: to count,
 * or to be wrong on purpose.
 *
 * @since 0.1
 */
public class ForwardingStream implements DeviceStream {
  private final DeviceContext context;
  private final DeviceStream stream;

  /**
   * Makes a stream.
   *
   * @param context what {@link #context} returns
   * @param stream where everything goes; closed with this one
   */
  public ForwardingStream(DeviceContext context, DeviceStream stream) {
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
