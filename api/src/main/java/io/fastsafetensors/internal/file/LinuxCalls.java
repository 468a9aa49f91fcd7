// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.file;

import java.lang.System.Logger.Level;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * Calls of Linux' C library that make the work faster. They are there only where this library may
 * call native code; nothing depends on them.
 */
final class LinuxCalls {
  private LinuxCalls() {}

  /**
   * Calls that belong together.
   *
   * @param <C> what holds them
   */
  interface Binding<C> {
    /** Looks them up; throws a runtime exception where one lacks. */
    C bind();
  }

  /** Binds calls, if that can be done. */
  static <C> Optional<C> bind(Binding<C> binding) {
    boolean isLinux = System.getProperty("os.name", "").equals("Linux");
    if (!isLinux || !LinuxCalls.class.getModule().isNativeAccessEnabled()) {
      return Optional.empty();
    }
    try {
      return Optional.of(binding.bind());
    } catch (RuntimeException | LinkageError e) {
      System.getLogger(LinuxCalls.class.getName()).log(Level.DEBUG, "a native call lacks", e);
      return Optional.empty();
    }
  }

  @SuppressWarnings("restricted")
  static MethodHandle call(String name, FunctionDescriptor type) {
    Linker linker = Linker.nativeLinker();
    SymbolLookup library = linker.defaultLookup();
    return linker.downcallHandle(library.findOrThrow(name), type);
  }
}
