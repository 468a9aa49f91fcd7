// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.sim;

import io.fastsafetensors.Device;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceInfo;
import io.fastsafetensors.spi.DeviceRuntime;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The device type {@code sim}: a simulated accelerator for tests.
 *
 * <p>The host can't see its memory, its addresses are none of the host's, and its streams run late
 * on threads of their own: a wait that is missing shows as wrong data. Fresh memory is filled with
 * garbage. A thread that did not attach is refused (rule D-102).
 *
 * @since 0.1
 */
public final class SimRuntime implements DeviceRuntime {
  /** The device type and the id. */
  public static final String TYPE = "sim";

  private final SimDevices devices;

  /** Makes a runtime over the devices of this process. */
  public SimRuntime() {
    this(SimDevices.shared());
  }

  SimRuntime(SimDevices devices) {
    this.devices = devices;
  }

  @Override
  public String id() {
    return TYPE;
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
    return TYPE;
  }

  @Override
  public Availability probe() {
    return Availability.available(devices.count() + " simulated devices");
  }

  @Override
  public List<DeviceInfo> devices() {
    return IntStream.range(0, devices.count())
        .mapToObj(devices::get)
        .map(SimRuntime::info)
        .toList();
  }

  private static DeviceInfo info(SimDevice device) {
    return DeviceInfo.builder(device.device(), "simulated device")
        .totalBytes(device.totalBytes())
        .detail("plain Java")
        .build();
  }

  @Override
  public DeviceContext open(Device device) throws LoadException {
    if (!device.type().equals(TYPE) || device.index() >= devices.count()) {
      throw new LoadException(
          "no device " + device + ": there are sim:0 to sim:" + (devices.count() - 1));
    }
    return new SimContext(devices.get(device.index()), devices.memory());
  }
}
