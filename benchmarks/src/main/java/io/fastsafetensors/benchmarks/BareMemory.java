// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Memory as the kernel gives it at best, in huge pages that all cores make be there. Nothing of the
 * library is in it, so that the library can be compared with it.
 */
final class BareMemory {
  private static final int HUGE_PAGE = 14;
  private static final int POPULATE_READ = 22;
  private static final int POPULATE_WRITE = 23;
  private static final long HUGE = 2L << 20;
  private static final long AT_ONCE = 32L << 20;
  private static final int READ_WRITE = 3;
  private static final int PRIVATE_ANONYMOUS = 0x22;

  private static final MethodHandle MMAP =
      function(
          "mmap",
          FunctionDescriptor.of(
              JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
  private static final MethodHandle MUNMAP =
      function("munmap", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG));
  private static final MethodHandle MADVISE =
      function("madvise", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));

  private BareMemory() {}

  @SuppressWarnings("restricted")
  private static MethodHandle function(String name, FunctionDescriptor type) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), type);
  }

  /** Allocates memory that lives as long as an arena, and makes all of it be there. */
  static MemorySegment allocate(Arena arena, long bytes) {
    MemorySegment memory = map(arena, bytes);
    populate(memory, POPULATE_WRITE);
    return memory;
  }

  /** Allocates memory of which no page is there yet. */
  @SuppressWarnings("restricted")
  static MemorySegment map(Arena arena, long bytes) {
    long mapped = bytes + HUGE;
    long address = call(MMAP, 0L, mapped, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0L);
    MemorySegment all =
        MemorySegment.ofAddress(address)
            .reinterpret(mapped, arena, memory -> call(MUNMAP, memory.address(), mapped));
    call(MADVISE, address, mapped, HUGE_PAGE);
    return all.asSlice(-address & HUGE - 1, bytes);
  }

  /** Makes memory be there, by this thread. */
  static void clear(MemorySegment memory) {
    call(MADVISE, memory.address(), memory.byteSize(), POPULATE_WRITE);
  }

  /** Fills the page tables of a mapped file. */
  static void populate(MemorySegment mapping) {
    populate(mapping, POPULATE_READ);
  }

  private static void populate(MemorySegment memory, int advice) {
    HostState.onAllCores(
        memory.byteSize(),
        AT_ONCE,
        (offset, bytes) -> call(MADVISE, memory.address() + offset, bytes, advice));
  }

  private static long call(MethodHandle function, Object... arguments) {
    try {
      long answer = ((Number) function.invokeWithArguments(arguments)).longValue();
      if (answer == -1) {
        throw new IllegalStateException("the kernel refuses memory");
      }
      return answer;
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }
}
