// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda;

import io.fastsafetensors.Device;
import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.device.cuda.driver.Addresses;
import io.fastsafetensors.device.cuda.driver.Calls;
import io.fastsafetensors.device.cuda.kernel.ConversionKernels;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.MemoryInfo;
import io.fastsafetensors.toolkit.device.HostMemory;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicBoolean;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;

/** An open GPU: holds its primary context. */
final class CudaContext implements DeviceContext {
  /** What the driver aligns all memory to. */
  private static final long ALIGNMENT = 256;

  private final Gpu gpu;
  private final PrimaryContext primary;
  private final String pciBus;
  private final OptionalInt numaNode;
  private final boolean unified;
  private final Copies copies;
  private final ConversionKernels kernels;
  private final PinnedMemory pinned;
  private final Spares<CUevent> events;
  private final Spares<Addresses.Stream> streams;
  private final AtomicBoolean closed = new AtomicBoolean();

  private CudaContext(Gpu gpu, PrimaryContext primary) throws LoadException {
    Device device = gpu.device();
    this.gpu = gpu;
    this.primary = primary;
    this.pciBus = gpu.pciBus();
    this.numaNode = gpu.numaNode();
    this.unified = gpu.isUnified();
    this.copies = new Copies(gpu, primary);
    this.kernels = new ConversionKernels(device);
    this.pinned = new PinnedMemory(device);
    this.events = new Spares<>(this::makeEvent, this::breakEvent);
    this.streams = new Spares<>(this::makeStream, this::breakStream);
  }

  /** Opens a device. */
  static CudaContext open(Gpu gpu) throws LoadException {
    PrimaryContext primary = PrimaryContext.retain(gpu);
    try {
      return new CudaContext(gpu, primary);
    } catch (LoadException | RuntimeException | Error e) {
      primary.close();
      throw e;
    }
  }

  @Override
  public Device device() {
    return gpu.device();
  }

  /**
   * Sets the driver's context of this thread. It is told each time: other libraries in the process
   * change it, too, and telling costs less than a microsecond.
   */
  @Override
  public void attach() {
    if (closed.get()) {
      throw new IllegalStateException(device() + ": this context is closed");
    }
    primary.attach();
  }

  @Override
  public DeviceBuffer allocate(long bytes, long alignment) throws DeviceMemoryException {
    if (bytes < 0 || alignment < 1 || Long.bitCount(alignment) != 1) {
      throw new IllegalArgumentException(bytes + " bytes aligned to " + alignment);
    }
    if (unified) {
      return pinned.allocateUnified(bytes, alignment);
    }
    if (bytes == 0) {
      return DeviceBuffer.ofDevice(device(), 0, 0, () -> {});
    }
    CUdeviceptr base = new CUdeviceptr();
    long slack = Math.max(0, alignment - ALIGNMENT);
    long asked = bytes > Long.MAX_VALUE - slack ? Long.MAX_VALUE : bytes + slack;
    int code = Calls.code(() -> JCudaDriver.cuMemAlloc(base, asked));
    if (code != CUresult.CUDA_SUCCESS) {
      throw noMemory(bytes, code);
    }
    long address = Addresses.of(base) + alignment - 1 & -alignment;
    return DeviceBuffer.ofDevice(device(), address, bytes, () -> free(base));
  }

  private void free(CUdeviceptr base) {
    Calls.release(device(), "cuMemFree", () -> JCudaDriver.cuMemFree(base));
  }

  private DeviceMemoryException noMemory(long bytes, int code) {
    if (code == CUresult.CUDA_ERROR_INVALID_CONTEXT) {
      throw Calls.notAttached(device(), "allocation");
    }
    String detail = "cuMemAlloc: " + Calls.describe(code);
    return new DeviceMemoryException(device(), bytes, freeBytes(), detail, null);
  }

  private long freeBytes() {
    try {
      return memory().freeBytes();
    } catch (LoadException e) {
      return -1;
    }
  }

  @Override
  public DeviceBuffer allocateStaging(long bytes) throws DeviceMemoryException {
    if (bytes < 1) {
      throw new IllegalArgumentException("staging memory of " + bytes + " bytes");
    }
    return pinned.allocate(bytes);
  }

  @Override
  public DeviceStream newStream() throws LoadException {
    return new CudaStream(this, streams, new Marks(device(), events), copies, kernels);
  }

  private Addresses.Stream makeStream() throws LoadException {
    Addresses.Stream stream = new Addresses.Stream();
    Calls.check(
        device(),
        () -> "cuStreamCreate",
        () -> JCudaDriver.cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING));
    return stream;
  }

  private void breakStream(Addresses.Stream stream) {
    Calls.release(device(), "cuStreamDestroy", () -> JCudaDriver.cuStreamDestroy(stream));
  }

  private CUevent makeEvent() throws LoadException {
    CUevent event = new CUevent();
    Calls.check(
        device(),
        () -> "cuEventCreate",
        () -> JCudaDriver.cuEventCreate(event, CUevent_flags.CU_EVENT_DISABLE_TIMING));
    return event;
  }

  private void breakEvent(CUevent event) {
    Calls.release(device(), "cuEventDestroy", () -> JCudaDriver.cuEventDestroy(event));
  }

  @Override
  public boolean canConvert(DType from, DType to) {
    return HostMemory.canConvert(from, to);
  }

  /**
   * Returns what the driver says; where device memory is host memory, more may be free than it
   * says, since the kernel gives up its page cache for it.
   */
  @Override
  public MemoryInfo memory() throws LoadException {
    long[] free = new long[1];
    long[] total = new long[1];
    Calls.check(device(), () -> "cuMemGetInfo", () -> JCudaDriver.cuMemGetInfo(free, total));
    long host = unified ? HostMemory.memory().map(MemoryInfo::freeBytes).orElse(0L) : 0;
    return MemoryInfo.of(Math.min(total[0], Math.max(free[0], host)), total[0]);
  }

  @Override
  public boolean isHostVisible() {
    return unified;
  }

  @Override
  public OptionalInt numaNode() {
    return numaNode;
  }

  @Override
  public Optional<String> pciBus() {
    return Optional.of(pciBus);
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      CUcontext before = PrimaryContext.current();
      primary.attach();
      pinned.close();
      streams.close();
      events.close();
      kernels.close();
      copies.close();
      primary.close();
      primary.reattach(before);
    }
  }
}
