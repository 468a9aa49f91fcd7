// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.wrong;

import io.fastsafetensors.Device;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.IoBackend;
import io.fastsafetensors.spi.IoMonitor;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.IoSession;
import io.fastsafetensors.testkit.sim.SimBackend;

/** A right backend, to make wrong ones of by overriding. */
class ForwardingBackend implements IoBackend {
  private final IoBackend backend = new SimBackend();

  @Override
  public String id() {
    return backend.id();
  }

  @Override
  public int spiVersion() {
    return backend.spiVersion();
  }

  @Override
  public int priority() {
    return backend.priority();
  }

  @Override
  public Availability probe(Device device) {
    return backend.probe(device);
  }

  @Override
  public IoSession open(DeviceContext context, IoOptions options) throws LoadException {
    return new ForwardingSession(context, options, openRight(context, options));
  }

  /** Opens the right session, whose tickets give out ranges early. */
  final IoSession openRight(DeviceContext context, IoOptions options) throws LoadException {
    return backend.open(context, options);
  }

  static IoOptions with(IoOptions o, IoMonitor monitor) {
    return o.toBuilder().monitor(monitor).build();
  }

  static IoOptions with(IoOptions o, long alignment, long memoryBudget) {
    return o.toBuilder().alignment(alignment).memoryBudget(memoryBudget).build();
  }
}
