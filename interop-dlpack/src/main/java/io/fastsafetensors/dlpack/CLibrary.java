// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.dlpack;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.toolkit.plugin.NativeBinding;
import io.fastsafetensors.toolkit.plugin.NativeCall;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.ByteOrder;

/** The memory of the C library, and the functions that take it back. Thread-safe. */
@SuppressWarnings("restricted") // what this module needs native access for
final class CLibrary {
  private static final NativeBinding<CLibrary> SYSTEM =
      new NativeBinding<>("the C library", CLibrary::new, "io.fastsafetensors.dlpack");

  private final MethodHandle malloc;
  private final MethodHandle freeHandle;
  private final MethodHandle call;
  private final long free;
  private final long deleter;

  private CLibrary() throws ReflectiveOperationException, LoadException {
    if (ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN || ValueLayout.ADDRESS.byteSize() != 8) {
      throw new LoadException(
          "DLPack hands over elements as the machine has them: want a little-endian one of 64 bits");
    }
    Linker linker = Linker.nativeLinker();
    SymbolLookup symbols = linker.defaultLookup();
    MemorySegment freeSymbol = symbols.findOrThrow("free");
    FunctionDescriptor takesPointer = FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG);
    this.free = freeSymbol.address();
    this.freeHandle = linker.downcallHandle(freeSymbol, takesPointer);
    this.malloc =
        linker.downcallHandle(
            symbols.findOrThrow("malloc"),
            FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));
    this.call = linker.downcallHandle(takesPointer);
    MethodHandle delete =
        MethodHandles.lookup()
            .findStatic(
                TakenCapsules.class, "delete", MethodType.methodType(void.class, long.class));
    this.deleter = linker.upcallStub(delete, takesPointer, Arena.global()).address();
  }

  /**
   * Returns the library.
   *
   * @throws LoadException if native access is denied
   */
  static CLibrary get() throws LoadException {
    return SYSTEM.get();
  }

  /** Allocates memory, which {@link #free(long)} takes back; 0 if there is none. */
  long malloc(long bytes) {
    return NativeCall.plain(_ -> (long) malloc.invokeExact(bytes));
  }

  void free(long address) {
    NativeCall.plain(_ -> {
      freeHandle.invokeExact(address);
      return 0;
    });
  }

  /** Calls another library's function that takes a pointer. */
  void call(long function, long argument) {
    MemorySegment target = MemorySegment.ofAddress(function);
    NativeCall.plain(_ -> {
      call.invokeExact(target, argument);
      return 0;
    });
  }

  /** Returns memory that the caller knows to be there. */
  static MemorySegment memory(long address, long bytes) {
    return MemorySegment.ofAddress(address).reinterpret(bytes);
  }

  /** Returns memory that the caller knows to be there until the arena is closed. */
  static MemorySegment memory(long address, long bytes, Arena arena) {
    return MemorySegment.ofAddress(address).reinterpret(bytes, arena, null);
  }

  /** Returns the function that gives a struct of ours back: one for all of them. */
  long deleter() {
    return deleter;
  }

  /** Returns the library's own {@code free}, which a struct can have for its deleter. */
  long freeFunction() {
    return free;
  }
}
