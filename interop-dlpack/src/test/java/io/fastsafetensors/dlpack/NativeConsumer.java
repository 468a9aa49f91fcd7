// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.dlpack;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** A library that takes capsules: it reads structs by layouts of its own, and calls deleters. */
@SuppressWarnings("restricted") // as a native library is
final class NativeConsumer {
  private static final Linker LINKER = Linker.nativeLinker();

  private static final StructLayout TENSOR =
      MemoryLayout.structLayout(
          JAVA_LONG.withName("data"),
          JAVA_INT.withName("device_type"),
          JAVA_INT.withName("device_id"),
          JAVA_INT.withName("ndim"),
          JAVA_BYTE.withName("code"),
          JAVA_BYTE.withName("bits"),
          JAVA_SHORT.withName("lanes"),
          JAVA_LONG.withName("shape"),
          JAVA_LONG.withName("strides"),
          JAVA_LONG.withName("byte_offset"));
  private static final StructLayout VERSIONED =
      MemoryLayout.structLayout(
          JAVA_INT.withName("major"),
          JAVA_INT.withName("minor"),
          JAVA_LONG.withName("manager_ctx"),
          JAVA_LONG.withName("deleter"),
          JAVA_LONG.withName("flags"),
          TENSOR.withName("dl_tensor"));
  private static final StructLayout UNVERSIONED =
      MemoryLayout.structLayout(
          TENSOR.withName("dl_tensor"),
          JAVA_LONG.withName("manager_ctx"),
          JAVA_LONG.withName("deleter"));

  private final StructLayout layout;
  private final MemorySegment struct;

  private NativeConsumer(StructLayout layout, long address) {
    this.layout = layout;
    this.struct = MemorySegment.ofAddress(address).reinterpret(layout.byteSize());
  }

  /** Takes a capsule, by the name that it has. */
  static NativeConsumer take(Capsule capsule) {
    return of(capsule.name(), capsule.take());
  }

  static NativeConsumer of(String name, long address) {
    return new NativeConsumer(name.equals("dltensor_versioned") ? VERSIONED : UNVERSIONED, address);
  }

  /** Allocates a struct of a library's own, with all fields 0. */
  static NativeConsumer allocate(String name, Arena arena) {
    return of(name, arena.allocate(VERSIONED).address());
  }

  long address() {
    return struct.address();
  }

  /** Returns a field of the outer struct. */
  long get(String field) {
    return number(PathElement.groupElement(field));
  }

  /** Returns a field of the tensor. */
  long tensor(String field) {
    return number(PathElement.groupElement("dl_tensor"), PathElement.groupElement(field));
  }

  private long number(PathElement... path) {
    Object value = layout.varHandle(path).get(struct, 0L);
    return ((Number) value).longValue();
  }

  NativeConsumer set(String field, long value) {
    set(value, PathElement.groupElement(field));
    return this;
  }

  NativeConsumer setTensor(String field, long value) {
    set(value, PathElement.groupElement("dl_tensor"), PathElement.groupElement(field));
    return this;
  }

  private void set(long value, PathElement... path) {
    ValueLayout of = (ValueLayout) layout.select(path);
    long at = layout.byteOffset(path);
    switch (of) {
      case ValueLayout.OfLong _ -> struct.set(JAVA_LONG, at, value);
      case ValueLayout.OfInt _ -> struct.set(JAVA_INT, at, (int) value);
      case ValueLayout.OfShort _ -> struct.set(JAVA_SHORT, at, (short) value);
      default -> struct.set(JAVA_BYTE, at, (byte) value);
    }
  }

  long[] shape() {
    return numbers("shape");
  }

  long[] strides() {
    return numbers("strides");
  }

  private long[] numbers(String field) {
    return MemorySegment.ofAddress(tensor(field))
        .reinterpret(Long.BYTES * tensor("ndim"))
        .toArray(JAVA_LONG);
  }

  /** Returns the elements. */
  byte[] bytes(long count) {
    return memory(count).toArray(JAVA_BYTE);
  }

  MemorySegment memory(long count) {
    return MemorySegment.ofAddress(tensor("data") + tensor("byte_offset")).reinterpret(count);
  }

  /** Calls the deleter on this thread. */
  void delete() {
    delete(get("deleter"));
  }

  void delete(long deleter) {
    call(
        LINKER.downcallHandle(
            MemorySegment.ofAddress(deleter), FunctionDescriptor.ofVoid(JAVA_LONG)),
        address());
  }

  /** Calls the deleter on a thread that the JVM doesn't know, and waits for it. */
  void deleteOnForeignThread() {
    MethodHandle create = function("pthread_create", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    MethodHandle join = function("pthread_join", JAVA_LONG, JAVA_LONG);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment thread = arena.allocate(JAVA_LONG);
      call(create, thread.address(), 0L, get("deleter"), address());
      call(join, thread.get(JAVA_LONG, 0), 0L);
    }
  }

  private static MethodHandle function(String name, MemoryLayout... arguments) {
    return LINKER.downcallHandle(
        LINKER.defaultLookup().findOrThrow(name), FunctionDescriptor.of(JAVA_INT, arguments));
  }

  private static void call(MethodHandle function, Object... arguments) {
    try {
      var _ = function.invokeWithArguments(arguments);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }
}
