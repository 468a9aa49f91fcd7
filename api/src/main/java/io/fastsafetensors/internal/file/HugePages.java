// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.file;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * Memory for reads and writes past the page cache. A disk gets one request for memory in a row, and
 * many for pages that lie all over, as those of a process mostly do that has freed memory before.
 */
public final class HugePages {
  /** The size of a huge page on x86-64, and on aarch64 with pages of 4 KiB. */
  private static final long HUGE = 2L << 20;

  private static final int READ_WRITE = 3;
  private static final int PRIVATE_ANONYMOUS = 0x22;
  private static final int MADV_HUGEPAGE = 14;

  private HugePages() {}

  /** What it takes. */
  private record Calls(MethodHandle mmap, MethodHandle munmap, MethodHandle madvise) {
    static final Optional<Calls> BOUND = LinuxCalls.bind(Calls::bind);

    private static Calls bind() {
      return new Calls(
          LinuxCalls.call(
              "mmap",
              FunctionDescriptor.of(
                  JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG)),
          LinuxCalls.call("munmap", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG)),
          LinuxCalls.call(
              "madvise", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT)));
    }

    /** Returns the address, or -1. */
    long map(long bytes) {
      try {
        return (long) mmap.invokeExact(0L, bytes, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0L);
      } catch (Throwable e) {
        throw new AssertionError(e);
      }
    }

    void adviseHuge(long address, long bytes) {
      try {
        int _ = (int) madvise.invokeExact(address, bytes, MADV_HUGEPAGE); // a hint
      } catch (Throwable e) {
        throw new AssertionError(e);
      }
    }

    void unmap(long address, long bytes) {
      try {
        int _ = (int) munmap.invokeExact(address, bytes);
      } catch (Throwable e) {
        throw new AssertionError(e);
      }
    }
  }

  /**
   * Allocates memory, in huge pages if that can be done.
   *
   * @param arena the memory ends with it
   * @param bytes how much
   * @param alignment a power of two, at most the size of a huge page
   * @return the memory, all zeros
   * @throws OutOfMemoryError if there is not enough
   */
  public static MemorySegment allocate(Arena arena, long bytes, long alignment) {
    return Calls.BOUND
        .filter(_ -> bytes >= HUGE)
        .flatMap(calls -> mapped(calls, arena, bytes))
        .orElseGet(() -> arena.allocate(bytes, alignment));
  }

  @SuppressWarnings("restricted")
  private static Optional<MemorySegment> mapped(Calls calls, Arena arena, long bytes) {
    long all = Math.addExact(bytes, HUGE);
    long start = calls.map(all);
    if (start == -1) {
      return Optional.empty();
    }
    long address = Math.ceilDiv(start, HUGE) * HUGE;
    calls.adviseHuge(address, bytes);
    return Optional.of(
        MemorySegment.ofAddress(address).reinterpret(bytes, arena, _ -> calls.unmap(start, all)));
  }
}
