// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.host;

import io.fastsafetensors.Device;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceInfo;
import io.fastsafetensors.spi.DeviceRuntime;
import io.fastsafetensors.spi.MemoryInfo;
import io.fastsafetensors.spi.Provider;
import io.fastsafetensors.toolkit.device.HostMemory;
import io.fastsafetensors.toolkit.device.HostMemoryContext;
import io.fastsafetensors.toolkit.host.HostLimits;
import java.util.List;

/** The runtime of {@code cpu} that is always there: memory of the Java platform, nothing native. */
public final class HostRuntime implements DeviceRuntime {
  /** Makes the runtime. */
  public HostRuntime() {}

  @Override
  public String id() {
    return "host";
  }

  @Override
  public int spiVersion() {
    return Provider.SPI_VERSION;
  }

  @Override
  public int priority() {
    return 0;
  }

  @Override
  public String type() {
    return Device.CPU.type();
  }

  @Override
  public Availability probe() {
    return Availability.available(detail());
  }

  @Override
  public List<DeviceInfo> devices() {
    long total = HostMemory.memory().map(MemoryInfo::totalBytes).orElse(0L);
    return List.of(
        DeviceInfo.builder(Device.CPU, "host memory").totalBytes(total).detail(detail()).build());
  }

  @Override
  public DeviceContext open(Device device) throws LoadException {
    if (!device.isCpu()) {
      throw new LoadException("runtime host has only the device cpu, not " + device);
    }
    return new HostMemoryContext(HostLimits.SYSTEM);
  }

  private static String detail() {
    return System.getProperty("os.arch")
        + ", "
        + Runtime.getRuntime().availableProcessors()
        + " processors";
  }
}
