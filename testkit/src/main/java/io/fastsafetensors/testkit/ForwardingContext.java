// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.wrong;

import io.fastsafetensors.DType;
import io.fastsafetensors.Device;
import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.LoadException;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.MemoryInfo;
import java.util.Optional;
import java.util.OptionalInt;

/** A right context, to make wrong ones of by overriding. */
class ForwardingContext implements DeviceContext {
  private final DeviceContext context;

  ForwardingContext(DeviceContext context) {
    this.context = context;
  }

  @Override
  public Device device() {
    return context.device();
  }

  @Override
  public void attach() {
    context.attach();
  }

  @Override
  public DeviceBuffer allocate(long bytes, long alignment) throws DeviceMemoryException {
    return context.allocate(bytes, alignment);
  }

  @Override
  public DeviceBuffer allocateStaging(long bytes) throws DeviceMemoryException {
    return context.allocateStaging(bytes);
  }

  @Override
  public DeviceStream newStream() throws LoadException {
    return stream(context.newStream());
  }

  /** What becomes of a new stream. */
  ForwardingStream stream(DeviceStream right) throws LoadException {
    return new ForwardingStream(this, right);
  }

  @Override
  public boolean canConvert(DType from, DType to) {
    return context.canConvert(from, to);
  }

  @Override
  public MemoryInfo memory() throws LoadException {
    return context.memory();
  }

  @Override
  public OptionalInt numaNode() {
    return context.numaNode();
  }

  @Override
  public Optional<String> pciBus() {
    return context.pciBus();
  }

  @Override
  public void close() {
    context.close();
  }
}
