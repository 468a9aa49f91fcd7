// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.wrong;

import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceContext.LateBuffer;
import io.fastsafetensors.spi.DeviceContext.LateMemory;
import io.fastsafetensors.spi.DeviceContext.LatePages;
import io.fastsafetensors.spi.LoadMemory;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.List;

/** Right late memory of a simple kind, to make wrong ones of by overriding. */
class MappedLateMemory implements LateMemory {
  static final long PAGE = 64 << 10;

  private static final long SMALLEST_PAGE = 4 << 10;
  private static final int READ_WRITE = 3;
  private static final int PRIVATE_ANONYMOUS_FIXED = 0x2 | 0x20 | 0x10;

  private final DeviceContext context;

  MappedLateMemory(DeviceContext context) {
    this.context = context;
  }

  @Override
  public long leastBytes() {
    return 1;
  }

  @Override
  public LateBuffer allocate(long bytes, long alignment, LoadMemory memory)
      throws DeviceMemoryException {
    if (bytes < 1) {
      throw new IllegalArgumentException(bytes + " bytes");
    }
    LoadMemory.Reservation promise = promise(bytes, memory);
    try {
      return new Late(context.allocate(bytes, alignment), promise);
    } catch (DeviceMemoryException | RuntimeException e) {
      promise.close();
      throw e;
    }
  }

  @Override
  public LatePages cover(List<MemorySegment> parts, LoadMemory memory)
      throws DeviceMemoryException {
    parts.forEach(MappedLateMemory::checkPage);
    long bytes = parts.stream().mapToLong(MemorySegment::byteSize).sum();
    Pages pages = new Pages(promise(bytes, memory));
    parts.forEach(part -> mapOver(part.address(), part.byteSize()));
    return pages;
  }

  LoadMemory.Reservation promise(long bytes, LoadMemory memory) throws DeviceMemoryException {
    return memory.reserve(bytes);
  }

  private static void checkPage(MemorySegment part) {
    if (part.address() % SMALLEST_PAGE != 0) {
      throw new IllegalArgumentException("not at a page: " + part);
    }
  }

  void mapOver(long address, long bytes) {
    try {
      long mapped =
          (long)
              Native.MMAP.invokeExact(address, bytes, READ_WRITE, PRIVATE_ANONYMOUS_FIXED, -1, 0L);
      if (mapped != address) {
        throw new AssertionError("mmap");
      }
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  void touch(MemorySegment part, LoadMemory.Reservation promise) throws DeviceMemoryException {
    promise.<Boolean, RuntimeException>make(part.byteSize(), () -> true);
  }

  void end(LoadMemory.Reservation promise) {
    promise.close();
  }

  private class Pages implements LatePages {
    private final LoadMemory.Reservation promise;

    Pages(LoadMemory.Reservation promise) {
      this.promise = promise;
    }

    @Override
    public void touch(MemorySegment part) throws DeviceMemoryException {
      MappedLateMemory.this.touch(part, promise);
    }

    @Override
    public void end(boolean complete) {
      MappedLateMemory.this.end(promise);
    }
  }

  private final class Late extends Pages implements LateBuffer {
    private final DeviceBuffer buffer;

    Late(DeviceBuffer right, LoadMemory.Reservation promise) {
      super(promise);
      this.buffer =
          new ForwardingBuffer(right) {
            @Override
            public void close() {
              super.close();
              end(true);
            }
          };
    }

    @Override
    public DeviceBuffer buffer() {
      return buffer;
    }
  }

  /** Bound when first used. */
  private static final class Native {
    @SuppressWarnings("restricted")
    static final MethodHandle MMAP =
        Linker.nativeLinker()
            .downcallHandle(
                Linker.nativeLinker().defaultLookup().findOrThrow("mmap"),
                FunctionDescriptor.of(
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_LONG));
  }
}
