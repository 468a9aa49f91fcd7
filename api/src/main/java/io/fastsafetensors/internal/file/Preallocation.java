// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.file;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Gives a file its blocks before it is written, so that writes past the page cache needn't wait for
 * each other.
 */
public final class Preallocation {
  private static final int READ_WRITE = 2;

  private Preallocation() {}

  /** What it takes. */
  private record Calls(MethodHandle open, MethodHandle fallocate, MethodHandle close) {
    static final Optional<Calls> BOUND = LinuxCalls.bind(Calls::bind);

    private static Calls bind() {
      return new Calls(
          LinuxCalls.call("open", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT)),
          LinuxCalls.call(
              "fallocate",
              FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG)),
          LinuxCalls.call("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT)));
    }
  }

  /** Gives a file its blocks, if that can be done. */
  public static void allocate(Path file, long bytes) {
    if (Calls.BOUND.isEmpty() || bytes == 0) {
      return;
    }
    Calls calls = Calls.BOUND.get();
    try (Arena arena = Arena.ofConfined()) {
      int descriptor = (int) calls.open().invokeExact(RawName.of(file, arena), READ_WRITE);
      if (descriptor >= 0) {
        int _ = (int) calls.fallocate().invokeExact(descriptor, 0, 0L, bytes);
        int _ = (int) calls.close().invokeExact(descriptor);
      }
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }
}
