// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds.cufile;

import io.fastsafetensors.toolkit.plugin.NativeCall;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.OptionalInt;

/**
 * cuFile, call by call, from CUDA 11.4 to 13. Nothing is retried. Thread-safe as cuFile is; who
 * registers memory or reads is attached to the device's context.
 */
public final class CuFile {
  private static final int OPAQUE_FD = 1;
  private static final long DESCRIPTOR_BYTES = 24;
  private static final int O_CLOEXEC = 0x80000;
  private static final int NO_FLAGS = 0;

  private final Functions functions;
  private final String library;

  CuFile(Functions functions, String library) {
    this.functions = functions;
    this.library = library;
  }

  /** Returns where the library was found. */
  public String library() {
    return library;
  }

  /** Returns the library's version, {@code 1130} for 1.13; empty before CUDA 12. */
  public OptionalInt version() {
    if (functions.getVersion().isEmpty()) {
      return OptionalInt.empty();
    }
    MethodHandle getVersion = functions.getVersion().get();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment version = arena.allocate(ValueLayout.JAVA_INT);
      long address = version.address();
      long status = NativeCall.plain(_ -> (long) getVersion.invokeExact(address));
      return code(status) == Status.SUCCESS
          ? OptionalInt.of(version.get(ValueLayout.JAVA_INT, 0))
          : OptionalInt.empty();
    }
  }

  /** Opens the driver, {@code cuFileDriverOpen}: takes seconds on large hosts. */
  public void openDriver() throws CuFileException {
    check("cuFileDriverOpen", _ -> (long) functions.driverOpen().invokeExact());
  }

  /** Asks the open driver for its properties, {@code cuFileDriverGetProperties}. */
  public DriverProperties properties() throws CuFileException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment properties = arena.allocate(DriverProperties.BYTES, Long.BYTES);
      long address = properties.address();
      check(
          "cuFileDriverGetProperties",
          _ -> (long) functions.driverGetProperties().invokeExact(address));
      return DriverProperties.parse(properties);
    }
  }

  /**
   * Opens a file for reading.
   *
   * @param direct whether with {@code O_DIRECT}
   * @return the descriptor; the caller closes it
   */
  public int open(Path file, boolean direct) throws CuFileException {
    try (Arena arena = Arena.ofConfined()) {
      long address = NativeCall.name(file, arena).address();
      int flags = O_CLOEXEC | (direct ? functions.directFlag() : 0);
      long answer =
          NativeCall.withErrno(errno -> (int) functions.open().invokeExact(errno, address, flags));
      if (answer < 0) {
        throw CuFileException.ofErrno("open", (int) -answer);
      }
      return (int) answer;
    }
  }

  /** Closes a descriptor. */
  public void close(int descriptor) {
    long answer = NativeCall.plain(_ -> (int) functions.close().invokeExact(descriptor));
    if (answer != 0) {
      throw new AssertionError("close of descriptor " + descriptor + " failed");
    }
  }

  /** Makes a handle of a descriptor, {@code cuFileHandleRegister}; the caller gives it back. */
  public long registerHandle(int descriptor) throws CuFileException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment handle = arena.allocate(ValueLayout.JAVA_LONG);
      MemorySegment description = arena.allocate(DESCRIPTOR_BYTES, Long.BYTES);
      description.set(ValueLayout.JAVA_INT, 0, OPAQUE_FD);
      description.set(ValueLayout.JAVA_INT, 8, descriptor);
      long to = handle.address();
      long from = description.address();
      String call = "cuFileHandleRegister";
      long status = NativeCall.plain(_ -> (long) functions.handleRegister().invokeExact(to, from));
      if (Status.isUnknownStorage(code(status))) {
        throw CuFileException.ofUnknownStorage(call, code(status));
      }
      check(call, status);
      return handle.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  /** Gives a handle back, {@code cuFileHandleDeregister}. */
  public void deregisterHandle(long handle) {
    NativeCall.plain(_ -> {
      functions.handleDeregister().invokeExact(handle);
      return 0;
    });
  }

  /** Registers device memory, {@code cuFileBufRegister}; the caller gives it back. */
  public void registerMemory(long address, long bytes) throws CuFileException {
    check(
        "cuFileBufRegister",
        _ -> (long) functions.bufRegister().invokeExact(address, bytes, NO_FLAGS));
  }

  /** Gives device memory back, {@code cuFileBufDeregister}. */
  public void deregisterMemory(long address) throws CuFileException {
    check("cuFileBufDeregister", _ -> (long) functions.bufDeregister().invokeExact(address));
  }

  /**
   * ReadCuts into device memory, {@code cuFileRead}; ends when the bytes are there.
   *
   * @param address the start of registered memory, or of any that is not
   * @return how many bytes were read, 0 at the end of the file
   */
  public long read(long handle, long address, long bytes, long fileOffset) throws CuFileException {
    long answer =
        NativeCall.withErrno(errno ->
            (long) functions.read().invokeExact(errno, handle, address, bytes, fileOffset, 0L));
    if (answer <= -Status.BASE) {
      throw CuFileException.of("cuFileRead", (int) -answer, 0);
    }
    if (answer < 0) {
      throw CuFileException.ofErrno("cuFileRead", (int) -answer);
    }
    return answer;
  }

  private static int code(long status) {
    return (int) status;
  }

  private static void check(String call, NativeCall function) throws CuFileException {
    check(call, NativeCall.plain(function));
  }

  /** Looks at a {@code CUfileError_t}, which is returned in one register. */
  private static void check(String call, long status) throws CuFileException {
    if (code(status) != Status.SUCCESS) {
      throw CuFileException.of(call, code(status), (int) (status >>> Integer.SIZE));
    }
  }
}
