// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.mpj;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodHandles.Lookup;
import java.lang.invoke.MethodType;
import java.lang.invoke.VarHandle;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import org.apache.log4j.Level;
import org.apache.log4j.Logger;

/**
 * What is used of one copy of MPJ Express, bound by name as a native library would be: its device
 * layer {@code mpjdev}, in which messages are buffers outside the heap, and without its collective
 * operations, which copy more and hang when a rank is lost.
 *
 * @param init {@code (String[]) -> Device}: connects all ranks
 * @param world the static field with the communicator of all ranks
 * @param device the static field with the device, set even while it still connects
 * @param newBuffer {@code (ByteBuffer, int overhead, int capacity) -> Buffer}
 * @param setSize {@code (Buffer, int) -> void}
 * @param getSize {@code (Buffer) -> int}
 * @param send {@code (Comm, Buffer, int rank, int tag) -> Request}: starts to send
 * @param receive {@code (Comm, Buffer, int rank, int tag) -> Request}: starts to receive
 * @param test {@code (Request) -> Status}: null until it is complete; then its monitor is notified
 * @param listenAt {@link MpjHooks#listenAt}
 * @param abort {@link MpjHooks#abort}
 * @param drain {@link MpjHooks#drain}
 */
record MpjLibrary(
    MethodHandle init,
    VarHandle world,
    VarHandle device,
    MethodHandle newBuffer,
    MethodHandle setSize,
    MethodHandle getSize,
    MethodHandle send,
    MethodHandle receive,
    MethodHandle test,
    MethodHandle listenAt,
    MethodHandle abort,
    MethodHandle drain) {
  /** Bytes that a sender leaves free before a small message. */
  static final int OVERHEAD = 81;

  /** Loads a copy; fails if the jar is not the expected version. */
  static MpjLibrary load(MpjJar jar) throws ReflectiveOperationException {
    // Its debug log is on by default, and costs more than the transfers.
    Logger.getLogger("mpj").setLevel(Level.OFF);
    ClassLoader loader = new MpjClassLoader(jar);
    Lookup lookup = MethodHandles.publicLookup();
    Class<?> comm = loader.loadClass("mpjdev.Comm");
    Class<?> buffer = loader.loadClass("mpjbuf.Buffer");
    Class<?> request = loader.loadClass("mpjdev.Request");
    Class<?> status = loader.loadClass("mpjdev.Status");
    Class<?> device = loader.loadClass("xdev.Device");
    Class<?> start = loader.loadClass("mpjdev.MPJDev");
    Class<?> javaStart = loader.loadClass("mpjdev.javampjdev.MPJDev");
    Class<?> hooks = loader.loadClass(MpjHooks.class.getName());
    return new MpjLibrary(
        lookup.findStatic(start, "init", MethodType.methodType(device, String[].class)),
        lookup.findStaticVarHandle(start, "WORLD", comm),
        lookup.findStaticVarHandle(javaStart, "dev", device),
        newBuffer(lookup, loader, buffer),
        lookup.findVirtual(buffer, "setSize", MethodType.methodType(void.class, int.class)),
        lookup.findVirtual(buffer, "getSize", MethodType.methodType(int.class)),
        send(lookup, comm, buffer, request),
        receive(lookup, comm, buffer, request, status),
        lookup.findVirtual(request, "itest", MethodType.methodType(status)),
        lookup.findStatic(hooks, "listenAt", MethodType.methodType(void.class, InetAddress.class)),
        lookup.findStatic(hooks, "abort", MethodType.methodType(void.class)),
        lookup.findStatic(hooks, "drain", MethodType.methodType(void.class)));
  }

  private static MethodHandle newBuffer(Lookup lookup, ClassLoader loader, Class<?> buffer)
      throws ReflectiveOperationException {
    Class<?> raw = loader.loadClass("mpjbuf.RawBuffer");
    MethodHandle wrap =
        lookup.findConstructor(
            loader.loadClass("mpjbuf.NIOBuffer"),
            MethodType.methodType(void.class, int.class, ByteBuffer.class));
    MethodHandle create =
        lookup.findConstructor(
            buffer, MethodType.methodType(void.class, raw, int.class, int.class));
    // (capacity, bytes) and (raw, overhead, capacity) become (bytes, overhead, capacity).
    MethodHandle both =
        MethodHandles.collectArguments(create, 0, wrap.asType(wrap.type().changeReturnType(raw)));
    return MethodHandles.permuteArguments(
        both, MethodType.methodType(buffer, ByteBuffer.class, int.class, int.class), 2, 0, 1, 2);
  }

  private static MethodHandle send(Lookup lookup, Class<?> comm, Class<?> buffer, Class<?> request)
      throws ReflectiveOperationException {
    MethodHandle send =
        lookup.findVirtual(
            comm,
            "isend",
            MethodType.methodType(request, buffer, int.class, int.class, boolean.class));
    return MethodHandles.insertArguments(send, 4, true);
  }

  private static MethodHandle receive(
      Lookup lookup, Class<?> comm, Class<?> buffer, Class<?> request, Class<?> status)
      throws ReflectiveOperationException {
    MethodHandle receive =
        lookup.findVirtual(
            comm,
            "irecv",
            MethodType.methodType(request, buffer, int.class, int.class, status, boolean.class));
    MethodHandle newStatus = lookup.findConstructor(status, MethodType.methodType(void.class));
    return MethodHandles.collectArguments(
        MethodHandles.insertArguments(receive, 5, true), 4, newStatus);
  }
}
