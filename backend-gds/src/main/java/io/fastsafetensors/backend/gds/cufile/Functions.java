// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds.cufile;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.fastsafetensors.toolkit.plugin.NativeCall;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * The bound functions. Pointers are passed as numbers: those of device memory are none of Java's. A
 * {@code CUfileError_t} comes back as one number, its two halves the codes of cuFile and of CUDA.
 *
 * @param getVersion empty in libraries before CUDA 12
 */
record Functions(
    MethodHandle driverOpen,
    MethodHandle driverGetProperties,
    MethodHandle handleRegister,
    MethodHandle handleDeregister,
    MethodHandle bufRegister,
    MethodHandle bufDeregister,
    MethodHandle read,
    Optional<MethodHandle> getVersion,
    MethodHandle open,
    MethodHandle close,
    int directFlag) {
  /**
   * Binds the library, and two functions of the C library.
   *
   * @throws java.util.NoSuchElementException if it lacks a function
   */
  static Functions bind(SymbolLookup library, int directFlag) {
    Binder binder = new Binder(library);
    Binder libc = new Binder(Linker.nativeLinker().defaultLookup());
    Linker.Option errno = NativeCall.ERRNO;
    return new Functions(
        binder.status("cuFileDriverOpen"),
        binder.status("cuFileDriverGetProperties", JAVA_LONG),
        binder.status("cuFileHandleRegister", JAVA_LONG, JAVA_LONG),
        binder.bind("cuFileHandleDeregister", FunctionDescriptor.ofVoid(JAVA_LONG)),
        binder.status("cuFileBufRegister", JAVA_LONG, JAVA_LONG, JAVA_INT),
        binder.status("cuFileBufDeregister", JAVA_LONG),
        binder.bind(
            "cuFileRead",
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
            errno),
        library.find("cuFileGetVersion").map(_ -> binder.status("cuFileGetVersion", JAVA_LONG)),
        libc.bind(
            "open",
            FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_INT),
            errno,
            Linker.Option.firstVariadicArg(2)),
        libc.bind("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT)),
        directFlag);
  }

  /** Finds functions of one library. */
  private record Binder(SymbolLookup library) {
    @SuppressWarnings("restricted")
    MethodHandle bind(String name, FunctionDescriptor type, Linker.Option... options) {
      return Linker.nativeLinker().downcallHandle(library.findOrThrow(name), type, options);
    }

    MethodHandle status(String name, MemoryLayout... arguments) {
      return bind(name, FunctionDescriptor.of(JAVA_LONG, arguments));
    }
  }
}
