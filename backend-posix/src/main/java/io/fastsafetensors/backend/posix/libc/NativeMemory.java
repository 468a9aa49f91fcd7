// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.libc;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Mapped memory as Java sees it. */
public final class NativeMemory {
  private NativeMemory() {}

  /**
   * Makes a segment of mapped memory.
   *
   * @param address what {@link Libc#mmap} answered
   * @param bytes the size
   * @param arena its scope: closing it ends all access, so that the memory can be unmapped
   */
  @SuppressWarnings("restricted")
  public static MemorySegment segment(long address, long bytes, Arena arena) {
    return MemorySegment.ofAddress(address).reinterpret(bytes, arena, null);
  }
}
