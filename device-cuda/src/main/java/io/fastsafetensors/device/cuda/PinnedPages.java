// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda;

import io.fastsafetensors.Device;
import io.fastsafetensors.device.cuda.driver.Addresses;
import io.fastsafetensors.device.cuda.driver.Calls;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.toolkit.plugin.Runtimes;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Optional;
import jcuda.Pointer;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/**
 * Gets page-locked host memory. What is large comes from the runtime of {@code cpu}, which has huge
 * pages where the system does, and is then made known to the driver ({@code cuMemHostRegister}):
 * storage writes to scattered small pages, which the driver's own memory is made of, at a fraction
 * of its speed. Guarded by the lock of {@link PinnedMemory}.
 */
final class PinnedPages implements AutoCloseable {
  /** What it is aligned to at least. The driver aligns less where a request is small. */
  static final long PAGE = 4096;

  private static final Logger LOG = System.getLogger(PinnedPages.class.getName());
  private static final long LARGE = 2L << 20;

  private final Device device;
  private @Nullable DeviceContext host;

  PinnedPages(Device device) {
    this.device = device;
  }

  /**
   * Locked memory.
   *
   * @param address where it starts
   * @param bytes how much
   * @param free gives it back
   */
  record Block(long address, long bytes, Runnable free) {
    static final Block NONE = new Block(0, 0, () -> {});
  }

  /**
   * What came of a request.
   *
   * @param code the driver's answer
   * @param block the memory, if that is success
   */
  record Answer(int code, Block block) {
    boolean isSuccess() {
      return code == CUresult.CUDA_SUCCESS;
    }
  }

  /** Gets memory of any kind. */
  Answer get(long bytes) {
    return (bytes < LARGE ? Optional.<Answer>empty() : register(bytes))
        .orElseGet(() -> allocate(bytes, PAGE));
  }

  /** Locks memory of the host; empty if that can't be had so. */
  @SuppressWarnings("MustBeClosedChecker") // closed when the block is freed
  private Optional<Answer> register(long bytes) {
    try {
      DeviceBuffer buffer = host().allocate(bytes, PAGE);
      Pointer pointer = Addresses.host(buffer.address());
      int flags = JCudaDriver.CU_MEMHOSTREGISTER_PORTABLE;
      int code = Calls.code(() -> JCudaDriver.cuMemHostRegister(pointer, bytes, flags));
      if (code == CUresult.CUDA_SUCCESS) {
        Block block = new Block(buffer.address(), bytes, () -> unregister(pointer, buffer));
        return Optional.of(new Answer(code, block));
      }
      buffer.close();
      LOG.log(Level.DEBUG, "{0}: cuMemHostRegister: {1}", device, Calls.describe(code));
    } catch (LoadException e) {
      LOG.log(Level.DEBUG, device + ": no memory of the host's to lock", e);
    }
    return Optional.empty();
  }

  /** Opened by the first thread that reads, which is near the device: so is the memory then. */
  private DeviceContext host() throws LoadException {
    DeviceContext known = host;
    if (known == null) {
      known = Runtimes.of(Device.CPU).open(Device.CPU);
      host = known;
    }
    return known;
  }

  private void unregister(Pointer pointer, DeviceBuffer buffer) {
    Calls.release(device, "cuMemHostUnregister", () -> JCudaDriver.cuMemHostUnregister(pointer));
    buffer.close();
  }

  /** Gets the driver's own memory; somewhat more, for a place in it to be aligned. */
  Answer allocate(long bytes, long alignment) {
    long asked = bytes > Long.MAX_VALUE - alignment ? Long.MAX_VALUE : bytes + alignment - 1;
    Pointer pointer = new Pointer();
    int flags = JCudaDriver.CU_MEMHOSTALLOC_PORTABLE;
    int code = Calls.code(() -> JCudaDriver.cuMemHostAlloc(pointer, asked, flags));
    if (code != CUresult.CUDA_SUCCESS) {
      return new Answer(code, Block.NONE);
    }
    long address = Addresses.of(pointer) + alignment - 1 & -alignment;
    return new Answer(code, new Block(address, bytes, () -> free(pointer)));
  }

  private void free(Pointer pointer) {
    Calls.release(device, "cuMemFreeHost", () -> JCudaDriver.cuMemFreeHost(pointer));
  }

  /** Closes the host's runtime; what is still in use is freed when it is closed. */
  @Override
  public void close() {
    if (host != null) {
      host.close();
      host = null;
    }
  }
}
