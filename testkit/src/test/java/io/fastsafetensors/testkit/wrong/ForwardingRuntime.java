// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.wrong;

import io.fastsafetensors.Device;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceInfo;
import io.fastsafetensors.spi.DeviceRuntime;
import io.fastsafetensors.testkit.DeviceRules.Faults;
import io.fastsafetensors.testkit.ForwardingContext;
import io.fastsafetensors.testkit.sim.SimDevices;
import io.fastsafetensors.testkit.sim.SimFaults;
import java.util.List;
import java.util.Optional;

/** A right runtime, to make wrong ones of by overriding. */
class ForwardingRuntime implements DeviceRuntime {
  final SimDevices devices = new SimDevices(2, 1L << 30);

  private final DeviceRuntime runtime;

  ForwardingRuntime() {
    this.runtime = devices.runtime();
  }

  ForwardingRuntime(DeviceRuntime runtime) {
    this.runtime = runtime;
  }

  @Override
  public String id() {
    return runtime.id();
  }

  @Override
  public int spiVersion() {
    return runtime.spiVersion();
  }

  @Override
  public int priority() {
    return runtime.priority();
  }

  @Override
  public String type() {
    return runtime.type();
  }

  @Override
  public Availability probe() {
    return runtime.probe();
  }

  @Override
  public List<DeviceInfo> devices() throws LoadException {
    return runtime.devices();
  }

  @Override
  public DeviceContext open(Device device) throws LoadException {
    return context(runtime.open(device));
  }

  /** How to break the device. */
  Optional<Faults> faults() {
    return Optional.of(new SimFaults(devices.get(0)));
  }

  /** What becomes of a new context. */
  ForwardingContext context(DeviceContext right) {
    return new ForwardingContext(right);
  }
}
