// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda;

import io.fastsafetensors.Device;
import io.fastsafetensors.device.cuda.driver.Calls;
import io.fastsafetensors.spi.DeviceBuffer;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/** Memory of a GPU. */
final class CudaBuffer implements DeviceBuffer {
  private final Device device;
  private final @Nullable CUdeviceptr base;
  private final long address;
  private final long size;
  private volatile boolean closed;

  /** Takes over what the driver allocated, if anything; the buffer may start further in. */
  CudaBuffer(Device device, @Nullable CUdeviceptr base, long address, long size) {
    this.device = device;
    this.base = base;
    this.address = address;
    this.size = size;
  }

  @Override
  public Device device() {
    return device;
  }

  @Override
  public long address() {
    requireOpen();
    return address;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public Optional<MemorySegment> host() {
    requireOpen();
    return Optional.empty();
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException(
          "this buffer of " + size + " bytes on " + device + " is closed");
    }
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      if (base != null) {
        Calls.release(device, "cuMemFree", () -> JCudaDriver.cuMemFree(base));
      }
      closed = true;
    }
  }
}
