// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda.driver;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.toolkit.plugin.NativeBinding;
import io.fastsafetensors.toolkit.plugin.UnavailableException;
import java.io.IOException;
import java.lang.foreign.Arena;
import jcuda.driver.JCudaDriver;

/**
 * The CUDA driver, loaded.
 *
 * @param version the CUDA version that it supports, 12060 for 12.6
 * @param devices how many devices there are
 */
public record CudaBinding(int version, int devices) {
  /** That of this process. */
  public static final NativeBinding<CudaBinding> SYSTEM =
      new NativeBinding<>("JCuda", CudaBinding::load, "jcuda", "io.fastsafetensors.device.cuda");

  /** The oldest driver whose every function that JCuda may call is there. */
  private static final int OLDEST = 12_000;

  /** Returns the version as people write it. */
  public String versionText() {
    return version / 1000 + "." + version % 1000 / 10;
  }

  private static CudaBinding load() throws LoadException {
    NativeBinding.linux(System.getProperty("os.name"), System.getProperty("os.arch"));
    try {
      NativeLibrary.load();
      Addresses.segment(1, 1, Arena.global()); // denied here, it is denied for pinned memory
      return initialise();
    } catch (IOException e) {
      throw new LoadException("JCuda's native library can't be unpacked: " + e, e);
    } catch (ClassNotFoundException | LinkageError e) {
      throw failed(e);
    }
  }

  private static CudaBinding initialise() throws LoadException {
    Calls.check("CUDA", () -> "cuInit", () -> JCudaDriver.cuInit(0));
    int[] version = new int[1];
    int[] devices = new int[1];
    Calls.check("CUDA", () -> "cuDriverGetVersion", () -> JCudaDriver.cuDriverGetVersion(version));
    Calls.check("CUDA", () -> "cuDeviceGetCount", () -> JCudaDriver.cuDeviceGetCount(devices));
    CudaBinding bound = new CudaBinding(version[0], devices[0]);
    if (bound.version() < OLDEST) {
      throw new UnavailableException(
          "plugin.other-version",
          "the driver supports CUDA " + bound.versionText() + ": install one for 12.0 or later");
    }
    if (bound.devices() == 0) {
      throw new UnavailableException("plugin.no-device", "the driver has no device");
    }
    return bound;
  }

  /** JCuda's own message is a page of stack traces, of what was denied as well. */
  private static LoadException failed(Throwable failure) {
    String message = String.valueOf(failure.getMessage());
    if (message.contains("native-access") || message.contains("IllegalCallerException")) {
      throw new IllegalCallerException(failure);
    }
    return new LoadException(reason(failure, message), failure);
  }

  private static String reason(Throwable failure, String message) {
    if (message.contains("libcuda.so.1")) {
      return "libcuda.so.1 was not found: install NVIDIA's driver, or give the container its GPU";
    }
    if (failure instanceof ClassNotFoundException || failure instanceof NoClassDefFoundError) {
      return "JCuda is not on the module path or class path: " + message;
    }
    return "JCuda can't be loaded: "
        + message.lines().findFirst().orElse("")
        + " (needs the jar"
        + " jcuda-natives, and a folder for temporary files that allows programs; JCuda publishes"
        + " none for aarch64: build its library there, for java.library.path)";
  }
}
