// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda.driver;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUstream;

/** Numbers as JCuda's pointers, and back. */
public final class Addresses {
  private Addresses() {}

  /** Returns a pointer to device memory. */
  public static CUdeviceptr device(long address) {
    return new CUdeviceptr().withByteOffset(address);
  }

  /** Returns the address of device memory. */
  public static long of(CUdeviceptr pointer) {
    return new DeviceAddress(pointer).value();
  }

  /** Returns a pointer to host memory. */
  public static Pointer host(long address) {
    return new HostAddress(address);
  }

  /** Returns the address of host memory. */
  public static long of(Pointer pointer) {
    return new HostAddress(pointer).value();
  }

  /**
   * Returns native host memory as a segment.
   *
   * @throws IllegalCallerException if the JVM was told to deny native access to this module
   */
  @SuppressWarnings("restricted") // the driver allocated so many bytes there
  public static MemorySegment segment(long address, long bytes, Arena arena) {
    return MemorySegment.ofAddress(address).reinterpret(bytes, arena, null);
  }

  private static final class DeviceAddress extends CUdeviceptr {
    DeviceAddress(CUdeviceptr pointer) {
      super(pointer);
    }

    long value() {
      return getNativePointer() + getByteOffset();
    }
  }

  private static final class HostAddress extends Pointer {
    HostAddress(long address) {
      super(address);
    }

    HostAddress(Pointer pointer) {
      super(pointer);
    }

    long value() {
      return getNativePointer() + getByteOffset();
    }
  }

  /** A stream whose handle can be told to native libraries. */
  public static final class Stream extends CUstream {
    /** Returns the {@code CUstream}. */
    public long handle() {
      return getNativePointer();
    }
  }
}
