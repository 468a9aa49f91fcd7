// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda.driver;

import io.fastsafetensors.Device;
import io.fastsafetensors.format.LoadException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Map;
import java.util.function.Function;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import jcuda.CudaException;
import jcuda.driver.CUresult;

/**
 * Calls of the driver, and what their results mean.
 *
 * <p>JCuda throws exceptions if the program told it so, for all of the process: both ways serve.
 */
public final class Calls {
  private static final Logger LOG = System.getLogger(Calls.class.getName());
  private static final int CODES = 1000;

  private Calls() {}

  /** Makes a call; returns its result, a constant of {@code CUresult}. */
  public static int code(IntSupplier call) {
    try {
      return call.getAsInt();
    } catch (CudaException e) {
      return Names.CODES.getOrDefault(String.valueOf(e.getMessage()), CUresult.CUDA_ERROR_UNKNOWN);
    }
  }

  /**
   * Makes a call that must succeed.
   *
   * @param device whom it concerns
   * @param asked what is asked for, told if it fails
   * @param call the call
   * @throws LoadException if it doesn't
   */
  public static void check(Object device, Supplier<String> asked, IntSupplier call)
      throws LoadException {
    int code = code(call);
    if (code != CUresult.CUDA_SUCCESS) {
      throw new LoadException(device + ": " + asked.get() + ": " + describe(code));
    }
  }

  /**
   * Makes a call that can fail by the caller's mistake only.
   *
   * @throws IllegalStateException if it fails
   */
  public static void require(Device device, String asked, IntSupplier call) {
    int code = code(call);
    if (code != CUresult.CUDA_SUCCESS) {
      throw new IllegalStateException(device + ": " + asked + ": " + describe(code));
    }
  }

  /**
   * Makes a call that frees something. A device that is broken can't free anything any more: that
   * is logged, since the caller can do nothing about it.
   *
   * @throws IllegalStateException if the calling thread is not attached to the device
   */
  public static void release(Device device, String asked, IntSupplier call) {
    int code = code(call);
    if (code == CUresult.CUDA_ERROR_INVALID_CONTEXT) {
      throw notAttached(device, asked);
    }
    if (code != CUresult.CUDA_SUCCESS) {
      LOG.log(Level.ERROR, "{0}: {1}: {2}", device, asked, describe(code));
    }
  }

  /** Returns what to throw where the driver misses a context. */
  public static IllegalStateException notAttached(Device device, String asked) {
    String thread = Thread.currentThread().getName();
    return new IllegalStateException(
        "%s: %s on thread %s, which did not attach to this context (rule D-102)"
            .formatted(device, asked, thread));
  }

  /** Returns CUDA's name and number of an error. */
  public static String describe(int code) {
    return CUresult.stringFor(code) + " (" + code + ")" + remedy(code);
  }

  private static String remedy(int code) {
    return switch (code) {
      case CUresult.CUDA_ERROR_NO_DEVICE ->
          ": there is no device; does CUDA_VISIBLE_DEVICES hide it?";
      case CUresult.CUDA_ERROR_INVALID_CONTEXT ->
          ": this thread did not attach to the device's context (rule D-102)";
      case CUresult.CUDA_ERROR_JIT_COMPILER_NOT_FOUND ->
          ": the driver's libnvidia-ptxjitcompiler.so.1 is missing";
      default -> "";
    };
  }

  /** JCuda's exceptions have the name only. */
  private static final class Names {
    static final Map<String, Integer> CODES =
        IntStream.range(0, Calls.CODES)
            .boxed()
            .collect(Collectors.toMap(CUresult::stringFor, Function.identity(), (a, b) -> a));
  }
}
