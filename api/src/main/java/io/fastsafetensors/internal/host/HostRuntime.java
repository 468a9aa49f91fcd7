// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.host;

import io.fastsafetensors.DType;
import io.fastsafetensors.Device;
import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceInfo;
import io.fastsafetensors.spi.DeviceRuntime;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.HostMemory;
import io.fastsafetensors.spi.MemoryInfo;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Placeholder until the host runtime is merged. */
public final class HostRuntime implements DeviceRuntime {
  @Override
  public String id() {
    return "host";
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
    return "cpu";
  }

  @Override
  public Availability probe() {
    return Availability.available("");
  }

  @Override
  public List<DeviceInfo> devices() {
    return List.of(new DeviceInfo(Device.CPU, "host memory", 0, ""));
  }

  @Override
  public DeviceContext open(Device device) {
    return new Context();
  }

  private static final class Context implements DeviceContext {
    @Override
    public Device device() {
      return Device.CPU;
    }

    @Override
    public void attach() {}

    @SuppressWarnings("MustBeClosedChecker") // closed by the buffer
    @Override
    public DeviceBuffer allocate(long bytes, long alignment) {
      Arena arena = Arena.ofShared();
      return DeviceBuffer.ofHost(arena.allocate(bytes, alignment), arena::close);
    }

    @Override
    public DeviceBuffer allocateStaging(long bytes) {
      return allocate(bytes, 4096);
    }

    @Override
    public DeviceStream newStream() {
      return HostMemory.newStream(this);
    }

    @Override
    public boolean canConvert(DType from, DType to) {
      return HostMemory.canConvert(from, to);
    }

    @Override
    public MemoryInfo memory() {
      return new MemoryInfo(0, 0);
    }

    @Override
    public OptionalInt numaNode() {
      return OptionalInt.empty();
    }

    @Override
    public Optional<String> pciBus() {
      return Optional.empty();
    }

    @Override
    public void close() {}
  }
}
