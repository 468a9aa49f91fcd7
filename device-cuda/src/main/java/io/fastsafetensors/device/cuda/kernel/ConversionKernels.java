// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda.kernel;

import io.fastsafetensors.Device;
import io.fastsafetensors.device.cuda.driver.Calls;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import java.util.HashMap;
import java.util.Map;
import jcuda.Pointer;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;

/**
 * The conversions of an open device. The driver compiles a pair of types when it is first asked
 * for; it remembers the result on disk. Thread-safe.
 */
public final class ConversionKernels implements AutoCloseable {
  private static final int THREADS = 256;

  /** So many blocks keep the largest devices busy; each thread goes on until all is done. */
  private static final int MOST_BLOCKS = 4096;

  private record Kernel(CUmodule module, CUfunction function) {}

  private final Device device;
  private final Map<KernelText, Kernel> loaded = new HashMap<>();

  /** Makes the conversions of a device; nothing is compiled yet. */
  public ConversionKernels(Device device) {
    this.device = device;
  }

  /**
   * Queues a conversion.
   *
   * @param source the address of the elements, at any byte
   * @param from their type
   * @param target the address of the space for them, at any byte
   * @param to the new type
   * @param elements how many
   * @param stream where to queue it
   */
  public void queue(long source, DType from, long target, DType to, long elements, CUstream stream)
      throws LoadException {
    boolean aligned = isAligned(source, from) && isAligned(target, to);
    Kernel kernel = kernel(new KernelText(from, to, aligned));
    int blocks = (int) Math.min(Math.ceilDiv(elements, THREADS), MOST_BLOCKS);
    Pointer arguments = Pointer.to(number(source), number(target), number(elements));
    Calls.check(
        device,
        () -> "conversion of %s elements from %s to %s".formatted(elements, from, to),
        () ->
            JCudaDriver.cuLaunchKernel(
                kernel.function, blocks, 1, 1, THREADS, 1, 1, 0, stream, arguments, null));
  }

  private static boolean isAligned(long address, DType type) {
    return address % (type.bits() / Byte.SIZE) == 0;
  }

  private static Pointer number(long value) {
    return Pointer.to(new long[] {value});
  }

  private synchronized Kernel kernel(KernelText text) throws LoadException {
    Kernel known = loaded.get(text);
    if (known == null) {
      known = load(text);
      loaded.put(text, known);
    }
    return known;
  }

  private Kernel load(KernelText text) throws LoadException {
    CUmodule module = new CUmodule();
    CUfunction function = new CUfunction();
    Calls.check(
        device,
        () -> "compilation of the kernel " + text.name(),
        () -> JCudaDriver.cuModuleLoadData(module, text.text()));
    int code = Calls.code(() -> JCudaDriver.cuModuleGetFunction(function, module, text.name()));
    if (code != 0) {
      unload(module);
      throw new LoadException(device + ": kernel " + text.name() + ": " + Calls.describe(code));
    }
    return new Kernel(module, function);
  }

  private void unload(CUmodule module) {
    Calls.release(device, "cuModuleUnload", () -> JCudaDriver.cuModuleUnload(module));
  }

  /** Unloads the kernels. */
  @Override
  public synchronized void close() {
    loaded.values().forEach(kernel -> unload(kernel.module));
    loaded.clear();
  }
}
