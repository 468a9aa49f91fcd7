// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.libc;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * The C library's function {@code syscall}, by which every call of this module goes: one symbol
 * that each C library has, one way to report errors, no wrappers that came with some version.
 */
final class Syscall {
  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      STATE.varHandle(java.lang.foreign.MemoryLayout.PathElement.groupElement("errno"));

  /** Where errno goes; one for each thread, so that no call allocates. */
  private static final ThreadLocal<MemorySegment> CAPTURED =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(STATE));

  private final MethodHandle numbers;
  private final MethodHandle memory;
  private final int pageSize;

  private Syscall(MethodHandle numbers, MethodHandle memory, int pageSize) {
    this.numbers = numbers;
    this.memory = memory;
    this.pageSize = pageSize;
  }

  /**
   * Binds it.
   *
   * @throws IllegalCallerException if native access is denied
   * @throws java.util.NoSuchElementException if the C library lacks the symbol
   */
  @SuppressWarnings("restricted")
  static Syscall bind() {
    Linker linker = Linker.nativeLinker();
    MemorySegment syscall = linker.defaultLookup().findOrThrow("syscall");
    Linker.Option[] options = {
      Linker.Option.captureCallState("errno"), Linker.Option.firstVariadicArg(1)
    };
    return new Syscall(
        linker.downcallHandle(
            syscall,
            FunctionDescriptor.of(
                JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG,
                JAVA_LONG),
            options),
        linker.downcallHandle(
            syscall,
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG),
            options),
        pageSize(linker));
  }

  @SuppressWarnings("restricted")
  private static int pageSize(Linker linker) {
    MemorySegment symbol = linker.defaultLookup().findOrThrow("getpagesize");
    try {
      return (int) linker.downcallHandle(symbol, FunctionDescriptor.of(JAVA_INT)).invokeExact();
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  int pageSize() {
    return pageSize;
  }

  /** Calls with numbers; answers a value of 0 or more, or the negated error number. */
  long call(int number, long a, long b, long c, long d, long e, long f) {
    MemorySegment captured = CAPTURED.get();
    try {
      long answer = (long) numbers.invokeExact(captured, (long) number, a, b, c, d, e, f);
      return answer == -1 ? -(int) ERRNO.get(captured, 0L) : answer;
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /** Calls with memory as second argument, which can't be freed before the call returns. */
  long call(int number, long a, MemorySegment b, long c, long d) {
    MemorySegment captured = CAPTURED.get();
    try {
      long answer = (long) memory.invokeExact(captured, (long) number, a, b, c, d);
      return answer == -1 ? -(int) ERRNO.get(captured, 0L) : answer;
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /** Only mistakes of the caller get here, such as closed memory: the call itself never throws. */
  private static RuntimeException unexpected(Throwable thrown) {
    if (thrown instanceof RuntimeException e) {
      throw e;
    }
    throw new AssertionError(thrown);
  }
}
