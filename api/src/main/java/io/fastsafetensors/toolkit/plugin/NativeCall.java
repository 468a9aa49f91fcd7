// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.plugin;

import io.fastsafetensors.internal.file.RawName;
import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;

/**
 * A call of a native function that a plug-in bound. Calls block as the function does.
 *
 * @since 0.1
 */
@FunctionalInterface
public interface NativeCall {
  /** By which functions are bound that set errno. */
  Linker.Option ERRNO = Linker.Option.captureCallState("errno");

  /**
   * Makes the call.
   *
   * @param errno what a handle bound with {@link #ERRNO} takes as its first argument
   * @return what the function answers
   * @throws Throwable as method handles declare it; native functions throw nothing
   */
  long make(MemorySegment errno) throws Throwable;

  /**
   * Makes a call.
   *
   * @param call the call
   * @return what it answers
   */
  static long plain(NativeCall call) {
    try {
      return call.make(Captured.ONE_PER_THREAD.get());
    } catch (RuntimeException | Error e) {
      throw e; // a mistake of the caller, such as closed memory
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /**
   * Makes a call of a function that was bound with {@link #ERRNO}.
   *
   * @param call the call
   * @return what it answers, or the negated errno if that is -1
   */
  static long withErrno(NativeCall call) {
    long answer = plain(call);
    return answer == -1 ? -(int) Captured.ERRNO.get(Captured.ONE_PER_THREAD.get(), 0L) : answer;
  }

  /**
   * Makes a file's name for native functions, of the name's own bytes: a string in the encoding of
   * the process may have lost some.
   *
   * @param file the file
   * @param allocator where the name is put
   * @return the name, ended by a zero
   */
  static MemorySegment name(Path file, SegmentAllocator allocator) {
    return RawName.of(file, allocator);
  }

  /** Where errno goes; one for each thread, so that no call allocates. */
  final class Captured {
    private static final MemoryLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE.varHandle(PathElement.groupElement("errno"));
    private static final ThreadLocal<MemorySegment> ONE_PER_THREAD =
        ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(STATE));

    private Captured() {}
  }
}
