// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.libc;

import io.fastsafetensors.spi.DeviceBuffer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Mapped memory as Java sees it. */
public final class NativeMemory {
  private NativeMemory() {}

  /** Returns memory that the caller keeps mapped, and knows to be writable. */
  @SuppressWarnings("restricted")
  public static MemorySegment writable(long address, long bytes) {
    return MemorySegment.ofAddress(address).reinterpret(bytes);
  }

  /**
   * Makes a buffer of mapped memory.
   *
   * @param address where it starts
   * @param bytes its size
   * @param readOnly whether it can't be written
   * @param release unmaps the memory; run when the buffer is closed and all access has ended
   */
  @SuppressWarnings({"restricted", "MustBeClosedChecker"}) // closed when the buffer is
  public static DeviceBuffer buffer(long address, long bytes, boolean readOnly, Runnable release) {
    Arena arena = Arena.ofShared();
    MemorySegment memory = MemorySegment.ofAddress(address).reinterpret(bytes, arena, null);
    return DeviceBuffer.ofHost(
        readOnly ? memory.asReadOnly() : memory,
        () -> {
          arena.close();
          release.run();
        });
  }
}
