// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.fuse;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;

/** The system calls that a FUSE server needs. */
final class Kernel {
  private static final int READ_WRITE = 2;

  /** Read only, without programs and devices. */
  private static final long MOUNT_FLAGS = 1 | 2 | 4;

  private static final int DETACH = 2;

  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      STATE.varHandle(StructLayout.PathElement.groupElement("errno"));

  private static final MethodHandle OPEN = find("open", JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle READ = find("read", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG);
  private static final MethodHandle WRITE = find("write", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG);
  private static final MethodHandle MOUNT =
      find("mount", JAVA_INT, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, ADDRESS);
  private static final MethodHandle UNMOUNT = find("umount2", JAVA_INT, ADDRESS, JAVA_INT);

  private Kernel() {}

  @SuppressWarnings("restricted")
  private static MethodHandle find(String name, ValueLayout result, ValueLayout... arguments) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(
        linker.defaultLookup().findOrThrow(name),
        FunctionDescriptor.of(result, arguments),
        Linker.Option.captureCallState("errno"));
  }

  /** A call that puts its error into memory. */
  private interface Call {
    long with(MemorySegment state) throws Throwable;
  }

  private static long call(String what, Call call) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      long result = call.with(state);
      if (result < 0) {
        throw new IOException(what + ": errno " + (int) ERRNO.get(state, 0L));
      }
      return result;
    } catch (IOException | RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** Opens the device through which a FUSE server talks with the kernel. */
  static int openFuse() throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocateFrom("/dev/fuse");
      return (int) call("/dev/fuse", state -> (int) OPEN.invokeExact(state, name, READ_WRITE));
    }
  }

  static void mount(Path folder, int fuse) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment source = arena.allocateFrom("faulty");
      MemorySegment target = arena.allocateFrom(folder.toString());
      MemorySegment type = arena.allocateFrom("fuse");
      MemorySegment options =
          arena.allocateFrom(
              "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other".formatted(fuse));
      call(
          "mount",
          state -> (int) MOUNT.invokeExact(state, source, target, type, MOUNT_FLAGS, options));
    }
  }

  static void unmount(Path folder) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment target = arena.allocateFrom(folder.toString());
      call("umount", state -> (int) UNMOUNT.invokeExact(state, target, DETACH));
    }
  }

  static long read(int file, MemorySegment target) throws IOException {
    return call("read", state -> (long) READ.invokeExact(state, file, target, target.byteSize()));
  }

  static void write(int file, MemorySegment source) throws IOException {
    call("write", state -> (long) WRITE.invokeExact(state, file, source, source.byteSize()));
  }
}
