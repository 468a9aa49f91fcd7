// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda;

import io.fastsafetensors.device.cuda.driver.Calls;
import io.fastsafetensors.format.LoadException;
import jcuda.driver.CUcontext;
import jcuda.driver.JCudaDriver;

/**
 * A hold on the context that all of the process shares on a device.
 *
 * @param gpu the device
 * @param handle the driver's handle of the context
 */
record PrimaryContext(Gpu gpu, CUcontext handle) implements AutoCloseable {
  /** Takes hold of it; the driver makes it for the first holder. */
  static PrimaryContext retain(Gpu gpu) throws LoadException {
    CUcontext handle = new CUcontext();
    Calls.check(
        gpu.device(),
        () -> "cuDevicePrimaryCtxRetain",
        () -> JCudaDriver.cuDevicePrimaryCtxRetain(handle, gpu.handle()));
    return new PrimaryContext(gpu, handle);
  }

  /** Returns the calling thread's context. */
  static CUcontext current() {
    CUcontext current = new CUcontext();
    Calls.code(() -> JCudaDriver.cuCtxGetCurrent(current));
    return current;
  }

  /** Makes it the calling thread's. */
  void attach() {
    Calls.require(gpu.device(), "cuCtxSetCurrent", () -> JCudaDriver.cuCtxSetCurrent(handle));
  }

  /** Makes another one the calling thread's, unless that one has just ended with its last hold. */
  void reattach(CUcontext before) {
    int[] flags = new int[1];
    int[] active = new int[1];
    Calls.code(() -> JCudaDriver.cuDevicePrimaryCtxGetState(gpu.handle(), flags, active));
    CUcontext next = before.equals(handle) && active[0] == 0 ? new CUcontext() : before;
    Calls.code(() -> JCudaDriver.cuCtxSetCurrent(next));
  }

  /** Lets go; the driver destroys it after the last holder. */
  @Override
  public void close() {
    Calls.release(
        gpu.device(),
        "cuDevicePrimaryCtxRelease",
        () -> JCudaDriver.cuDevicePrimaryCtxRelease(gpu.handle()));
  }
}
