// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Device;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceInfo;
import io.fastsafetensors.spi.DeviceRuntime;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A simulated device {@code fake:N}: host memory that says whether the host may see it, streams
 * that work only when somebody waits, failures on demand, and a ledger.
 */
final class FakeRuntime implements DeviceRuntime {
  static final Device DEVICE = new Device("fake", 0);

  final Ledger ledger;
  final AtomicInteger allocationsUntilFailure = new AtomicInteger(Integer.MAX_VALUE);
  final AtomicInteger operationsUntilFailure = new AtomicInteger(Integer.MAX_VALUE);
  volatile boolean hostVisible = true;
  volatile boolean busyOnClose;
  volatile boolean failsToOpen;

  FakeRuntime(Ledger ledger) {
    this.ledger = ledger;
  }

  @Override
  public String id() {
    return "fake";
  }

  @Override
  public int spiVersion() {
    return SPI_VERSION;
  }

  @Override
  public int priority() {
    return 0;
  }

  @Override
  public String type() {
    return DEVICE.type();
  }

  @Override
  public Availability probe() {
    return Availability.available("simulated");
  }

  @Override
  public List<DeviceInfo> devices() {
    return List.of(DeviceInfo.builder(DEVICE, "fake").build());
  }

  @Override
  public DeviceContext open(Device device) throws LoadException {
    if (failsToOpen) {
      throw new LoadException(device + ": this device refuses");
    }
    return new FakeContext(this, device);
  }
}
