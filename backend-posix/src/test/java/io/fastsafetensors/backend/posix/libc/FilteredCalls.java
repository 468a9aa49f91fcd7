// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.libc;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;

/** Lets system calls of this process fail, as a container's filter does (seccomp). */
public final class FilteredCalls {
  private static final boolean X86 = System.getProperty("os.arch").equals("amd64");
  private static final Map<String, Integer> NUMBERS =
      Map.of(
          "cachestat", NativeLibc.SystemCalls.CACHESTAT,
          "mincore", X86 ? 27 : 232,
          "preadv2", X86 ? 327 : 286);
  private static final int PRCTL = X86 ? 157 : 167;
  private static final int SECCOMP = X86 ? 317 : 277;
  private static final int PR_SET_NO_NEW_PRIVS = 38;
  private static final int SET_MODE_FILTER = 1;
  private static final int ALL_THREADS = 1;
  private static final int LOAD_WORD = 0x20;
  private static final int JUMP_EQUAL = 0x15;
  private static final int RETURN = 0x06;
  private static final int ALLOW = 0x7fff0000;
  private static final int FAIL = 0x00050000;

  private FilteredCalls() {}

  /** Lets calls fail with an error from now on, in all threads; there is no way back. */
  public static void refuse(List<String> calls, int errno) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment code = arena.allocate(8L * (2 * calls.size() + 2), 8);
      int at = put(code, 0, LOAD_WORD, 0, 0); // the number is the first word of struct seccomp_data
      for (String call : calls) {
        at = put(code, at, JUMP_EQUAL, 1, NUMBERS.get(call)); // or else skips one
        at = put(code, at, RETURN, 0, FAIL | errno);
      }
      at = put(code, at, RETURN, 0, ALLOW);
      MemorySegment program = arena.allocate(16, 8);
      program.set(ValueLayout.JAVA_SHORT, 0, (short) at);
      program.set(ValueLayout.JAVA_LONG, 8, code.address());
      Syscall syscall = Syscall.bind();
      check(syscall.call(PRCTL, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0));
      check(syscall.call(SECCOMP, SET_MODE_FILTER, ALL_THREADS, program.address(), 0, 0, 0));
    }
  }

  private static int put(MemorySegment code, int at, int operation, int otherwise, int value) {
    long place = 8L * at;
    code.set(ValueLayout.JAVA_SHORT, place, (short) operation);
    code.set(ValueLayout.JAVA_BYTE, place + 3, (byte) otherwise);
    code.set(ValueLayout.JAVA_INT, place + 4, value);
    return at + 1;
  }

  private static void check(long answer) {
    if (answer != 0) {
      throw new IllegalStateException("the kernel takes no filter: " + Errno.name((int) -answer));
    }
  }
}
