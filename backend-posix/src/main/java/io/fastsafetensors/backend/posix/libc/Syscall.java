// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.libc;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.fastsafetensors.toolkit.plugin.NativeCall;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The C library's function {@code syscall}, by which every call of this module goes: one symbol
 * that each C library has, one way to report errors, no wrappers that came with some version.
 */
final class Syscall {
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
    Linker.Option[] options = {NativeCall.ERRNO, Linker.Option.firstVariadicArg(1)};
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
    MethodHandle asked =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("getpagesize"), FunctionDescriptor.of(JAVA_INT));
    return (int) NativeCall.plain(_ -> (int) asked.invokeExact());
  }

  int pageSize() {
    return pageSize;
  }

  /** Calls with numbers; answers a value of 0 or more, or the negated error number. */
  long call(int number, long a, long b, long c, long d, long e, long f) {
    return NativeCall.withErrno(
        errno -> (long) numbers.invokeExact(errno, (long) number, a, b, c, d, e, f));
  }

  /** Calls with memory as second argument, which can't be freed before the call returns. */
  long call(int number, long a, MemorySegment b, long c, long d) {
    return NativeCall.withErrno(
        errno -> (long) memory.invokeExact(errno, (long) number, a, b, c, d));
  }
}
