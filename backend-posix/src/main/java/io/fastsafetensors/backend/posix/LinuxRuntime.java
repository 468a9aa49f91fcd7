// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix;

import io.fastsafetensors.Device;
import io.fastsafetensors.backend.posix.libc.Libc;
import io.fastsafetensors.backend.posix.memory.LinuxContext;
import io.fastsafetensors.backend.posix.memory.Numa;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceInfo;
import io.fastsafetensors.spi.DeviceRuntime;
import io.fastsafetensors.spi.MemoryInfo;
import io.fastsafetensors.spi.Provider;
import io.fastsafetensors.toolkit.device.HostMemory;
import io.fastsafetensors.toolkit.plugin.NativeBinding;
import io.fastsafetensors.toolkit.plugin.Settings;
import java.util.List;

/**
 * The runtime of {@code cpu} on Linux: memory in huge pages.
 *
 * <p>Each open device keeps memory that was freed, for the next load, up to a quarter of what the
 * machine or container has; the option {@code posix.keptBytes} sets another bound, 0 keeps nothing.
 */
public final class LinuxRuntime implements DeviceRuntime {
  /** How much freed memory is kept. */
  static final Option<Long> KEPT_BYTES =
      Option.bytes("posix.keptBytes", 0, Long.MAX_VALUE)
          .ofProcess()
          .defaultValue(() -> Kept.BY_DEFAULT, "a quarter of the memory of machine or container")
          .describedAs(
              "How much host memory that was freed an open device keeps for the next load; 0 keeps"
                  + " nothing. Read when a device is opened.");

  private static final long ALL_PER_KEPT = 4;

  /** Asks once how much memory there is. */
  private static final class Kept {
    static final long BY_DEFAULT =
        HostMemory.memory().map(MemoryInfo::totalBytes).orElse(0L) / ALL_PER_KEPT;
  }

  private final NativeBinding<Libc> binding;

  /** Makes the runtime. */
  public LinuxRuntime() {
    this(Libc.SYSTEM);
  }

  LinuxRuntime(NativeBinding<Libc> binding) {
    this.binding = binding;
  }

  @Override
  public String id() {
    return "linux";
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
    return Device.CPU.type();
  }

  @Override
  public Availability probe() {
    return binding.availability(_ -> Availability.available("memory in huge pages"));
  }

  @Override
  public List<DeviceInfo> devices() {
    long total = HostMemory.memory().map(MemoryInfo::totalBytes).orElse(0L);
    return List.of(
        DeviceInfo.builder(Device.CPU, "host memory")
            .totalBytes(total)
            .detail("huge pages")
            .build());
  }

  @Override
  public DeviceContext open(Device device) throws LoadException {
    if (!device.isCpu()) {
      throw new LoadException("runtime linux has only the device cpu, not " + device);
    }
    Libc libc = binding.get();
    return new LinuxContext(libc, Numa.SYSTEM.callersNode(libc), Settings.value(KEPT_BYTES));
  }
}
