// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.file;

import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Gives a file its blocks before it is written, so that writes past the page cache needn't wait for
 * each other. Only where this library may call native code; nothing depends on it.
 */
public final class Preallocation {
  private static final int READ_WRITE = 2;

  private Preallocation() {}

  /** The calls of Linux' C library. */
  private record Calls(MethodHandle open, MethodHandle fallocate, MethodHandle close) {
    static final Optional<Calls> BOUND = bind();

    private static Optional<Calls> bind() {
      boolean isLinux = System.getProperty("os.name", "").equals("Linux");
      if (!isLinux || !Preallocation.class.getModule().isNativeAccessEnabled()) {
        return Optional.empty();
      }
      try {
        return Optional.of(
            new Calls(
                call("open", ValueLayout.ADDRESS, ValueLayout.JAVA_INT),
                call(
                    "fallocate",
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG),
                call("close", ValueLayout.JAVA_INT)));
      } catch (RuntimeException | LinkageError e) {
        return none(e);
      }
    }

    private static Optional<Calls> none(Throwable e) {
      System.getLogger(Preallocation.class.getName())
          .log(Level.DEBUG, "files can't be given their blocks beforehand", e);
      return Optional.empty();
    }

    @SuppressWarnings("restricted")
    private static MethodHandle call(String name, MemoryLayout... arguments) {
      Linker linker = Linker.nativeLinker();
      SymbolLookup library = linker.defaultLookup();
      return linker.downcallHandle(
          library.findOrThrow(name), FunctionDescriptor.of(ValueLayout.JAVA_INT, arguments));
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
