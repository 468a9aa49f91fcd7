// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda.driver;

import io.fastsafetensors.format.LoadException;
import java.io.IOException;
import java.lang.foreign.Arena;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/** What came of loading the CUDA driver. */
public sealed interface CudaBinding {
  /** The oldest driver whose every function that JCuda may call is there. */
  int OLDEST = 12_000;

  /**
   * It can be called.
   *
   * @param version the CUDA version that the driver supports, 12060 for 12.6
   * @param devices how many devices there are
   */
  record Bound(int version, int devices) implements CudaBinding {
    /** Returns the version as people write it. */
    public String versionText() {
      return version / 1000 + "." + version % 1000 / 10;
    }
  }

  /**
   * It can't.
   *
   * @param reason why not, and what to do about it, one line
   * @param cause what was thrown, or null
   */
  record Missing(String reason, @Nullable Throwable cause) implements CudaBinding {}

  /** Loads the driver, once; never throws. */
  static CudaBinding get() {
    return Cached.BINDING;
  }

  /**
   * Returns the driver.
   *
   * @throws LoadException if it can't be called
   */
  default Bound bound() throws LoadException {
    return switch (this) {
      case Bound bound -> bound;
      case Missing(String reason, Throwable cause) -> throw new LoadException(reason, cause);
    };
  }

  /** Loads when first asked for: merely listing providers loads nothing of JCuda. */
  final class Cached {
    private static final CudaBinding BINDING = bind();

    private Cached() {}

    private static CudaBinding bind() {
      String platform = System.getProperty("os.name") + " on " + System.getProperty("os.arch");
      if (!platform.matches("Linux on (amd64|aarch64)")) {
        return new Missing("needs Linux on amd64 or aarch64, this is " + platform, null);
      }
      try {
        NativeLibrary.load();
        Addresses.segment(1, 1, Arena.global()); // denied here, it is denied for pinned memory
        return initialise();
      } catch (LoadException e) {
        return new Missing(String.valueOf(e.getMessage()), e);
      } catch (IOException e) {
        return new Missing("JCuda's native library can't be unpacked: " + e, e);
      } catch (ClassNotFoundException | LinkageError | IllegalCallerException e) {
        return new Missing(reason(e), e);
      }
    }

    private static CudaBinding initialise() throws LoadException {
      Calls.check("CUDA", () -> "cuInit", () -> JCudaDriver.cuInit(0));
      int[] version = new int[1];
      int[] devices = new int[1];
      Calls.check(
          "CUDA", () -> "cuDriverGetVersion", () -> JCudaDriver.cuDriverGetVersion(version));
      Calls.check("CUDA", () -> "cuDeviceGetCount", () -> JCudaDriver.cuDeviceGetCount(devices));
      Bound bound = new Bound(version[0], devices[0]);
      if (bound.version() < OLDEST) {
        return new Missing(
            "the driver supports CUDA " + bound.versionText() + ": install one for 12.0 or later",
            null);
      }
      return bound.devices() > 0 ? bound : new Missing("the driver has no device", null);
    }

    /** JCuda's own message is a page of stack traces. */
    private static String reason(Throwable failure) {
      String message = String.valueOf(failure.getMessage());
      if (message.contains("libcuda.so.1")) {
        return "libcuda.so.1 was not found: install NVIDIA's driver, or give the container its GPU";
      }
      if (message.contains("native-access") || message.contains("IllegalCallerException")) {
        return "native access is denied: pass --enable-native-access=jcuda,"
            + CudaBinding.class.getModule().getName();
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
}
