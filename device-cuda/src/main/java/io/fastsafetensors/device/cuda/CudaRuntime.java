// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda;

import io.fastsafetensors.Device;
import io.fastsafetensors.device.cuda.driver.CudaBinding;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceInfo;
import io.fastsafetensors.spi.DeviceRuntime;
import io.fastsafetensors.spi.Provider;
import io.fastsafetensors.toolkit.plugin.UnavailableException;
import java.util.ArrayList;
import java.util.List;

/**
 * The runtime of {@code cuda}: memory of NVIDIA GPUs, by their driver (CUDA 12.0 or later) alone.
 *
 * <p>A device that is opened shares its primary context with whatever else in the process uses
 * CUDA, and no other device gets one. The driver is loaded when somebody asks for a {@code cuda}
 * device or whether there is one, never before.
 *
 * <p>An open device keeps pinned memory that was freed, for the next load, up to 256 MiB; the
 * option {@code cuda.keptPinnedBytes} sets another bound.
 */
public final class CudaRuntime implements DeviceRuntime {
  static final String TYPE = "cuda";

  /** Makes the runtime. */
  public CudaRuntime() {}

  @Override
  public String id() {
    return TYPE;
  }

  @Override
  public int spiVersion() {
    return Provider.SPI_VERSION;
  }

  @Override
  public int priority() {
    return 10;
  }

  @Override
  public String type() {
    return TYPE;
  }

  @Override
  public List<Option<?>> options() {
    return List.of(PinnedMemory.KEPT_BYTES);
  }

  @Override
  public Availability probe() {
    return CudaBinding.SYSTEM.availability(this::describe);
  }

  private Availability describe(CudaBinding bound) {
    try {
      return Availability.available(
          "driver for CUDA %s; %s".formatted(bound.versionText(), String.join("; ", lines())));
    } catch (LoadException e) {
      return UnavailableException.answer(e, "plugin.failed");
    }
  }

  private List<String> lines() throws LoadException {
    return devices().stream()
        .map(device -> device.device() + " " + device.name() + ", " + device.detail())
        .toList();
  }

  @Override
  public List<DeviceInfo> devices() throws LoadException {
    int count = CudaBinding.SYSTEM.get().devices();
    List<DeviceInfo> devices = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      devices.add(Gpu.of(new Device(TYPE, i)).info());
    }
    return devices;
  }

  @Override
  public DeviceContext open(Device device) throws LoadException {
    if (!device.type().equals(TYPE)) {
      throw new LoadException("runtime cuda has only devices cuda:N, not " + device);
    }
    int count = CudaBinding.SYSTEM.get().devices();
    if (device.index() >= count) {
      throw new LoadException(device + ": the driver has cuda:0 to cuda:" + (count - 1) + " only");
    }
    return CudaContext.open(Gpu.of(device));
  }
}
