// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.group;

import io.fastsafetensors.DType;
import io.fastsafetensors.LoadException;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.StreamMark;
import java.lang.foreign.MemorySegment;

/**
 * Simulates a device that is slow, breaks, or is watched: runs something before each copy.
 *
 * @param stream the real stream
 * @param hook what to run, with the source of the copy
 */
record HookedStream(DeviceStream stream, Hook hook) implements DeviceStream {
  /** Runs before a copy. */
  @FunctionalInterface
  interface Hook {
    void before(Region source) throws LoadException;
  }

  static DeviceStream before(DeviceStream stream, Hook hook) {
    return new HookedStream(stream, hook);
  }

  @Override
  public DeviceContext context() {
    return stream.context();
  }

  @Override
  public void copy(Region source, Region target) throws LoadException {
    hook.before(source);
    stream.copy(source, target);
  }

  @Override
  public void copyFromHost(MemorySegment source, Region target) throws LoadException {
    stream.copyFromHost(source, target);
  }

  @Override
  public void copyToHost(Region source, MemorySegment target) throws LoadException {
    hook.before(source);
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
