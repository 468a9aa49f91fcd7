// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.Device;
import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.MemoryInfo;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A context that passes everything on to another one, for tests that override some of it: to count,
 * or to be wrong on purpose.
 *
 * @since 0.1
 */
public class ForwardingContext implements DeviceContext {
  private final DeviceContext context;

  /**
   * Makes a context.
   *
   * @param context where everything goes; closed with this one
   */
  public ForwardingContext(DeviceContext context) {
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

  /**
   * Says what becomes of a new stream.
   *
   * @param right the other context's
   * @return this context's: one that passes everything on, unless overridden
   * @throws LoadException if a test wants that
   */
  protected DeviceStream stream(DeviceStream right) throws LoadException {
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
  public boolean isHostVisible() {
    return context.isHostVisible();
  }

  @Override
  public Optional<LateMemory> lateMemory() {
    return context.lateMemory().map(this::lateMemory);
  }

  /**
   * Says what becomes of the other context's late memory.
   *
   * @param right the other context's
   * @return this context's: the same, unless overridden
   */
  protected LateMemory lateMemory(LateMemory right) {
    return right;
  }

  @Override
  public Keeping keep(long bytes) {
    return context.keep(bytes);
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
