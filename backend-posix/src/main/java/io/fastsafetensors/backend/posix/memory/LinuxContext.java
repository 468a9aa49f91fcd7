// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.memory;

import io.fastsafetensors.DType;
import io.fastsafetensors.Device;
import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.LoadException;
import io.fastsafetensors.backend.posix.libc.ErrnoException;
import io.fastsafetensors.backend.posix.libc.Libc;
import io.fastsafetensors.backend.posix.libc.NativeMemory;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.HostMemory;
import io.fastsafetensors.spi.MemoryInfo;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/** Host memory in huge pages, kept from load to load. */
public final class LinuxContext implements DeviceContext {
  /** From here on huge pages save more than they waste. */
  private static final long LARGE = 4L << 20;

  /** From here on it pays to ask first: who overdraws memory is killed by the kernel. */
  private static final long WORTH_ASKING = 64L << 20;

  /** What one thread touches in one go. */
  private static final long TOUCHED_AT_ONCE = 32L << 20;

  private final Pages pages;
  private final PagePool pool;
  private final OptionalInt node;
  private volatile boolean closed;

  /**
   * Opens it.
   *
   * @param libc the system
   * @param node the node that the memory is to be on; empty where there is only one
   * @param keptBytes how much memory may be kept for later, in bytes
   */
  public LinuxContext(Libc libc, OptionalInt node, long keptBytes) {
    this.node = node;
    this.pages = new Pages(libc, node);
    this.pool = new PagePool(pages, keptBytes);
  }

  @Override
  public Device device() {
    return Device.CPU;
  }

  @Override
  public void attach() {}

  @Override
  public DeviceBuffer allocate(long bytes, long alignment) throws DeviceMemoryException {
    DeviceBuffer buffer = allocateFresh(bytes, alignment);
    if (isLarge(bytes)) {
      touchByAll(buffer);
    }
    return buffer;
  }

  /** Tells whether memory of that size is fresh from {@link #allocateFresh}. */
  public static boolean isLarge(long bytes) {
    return bytes >= LARGE;
  }

  /**
   * Allocates like {@link #allocate}, but leaves it to the caller to {@link #touch} large memory:
   * best right before it is written, by the thread that does.
   */
  public DeviceBuffer allocateFresh(long bytes, long alignment) throws DeviceMemoryException {
    checkOpen();
    if (bytes < 0 || alignment < 1 || Long.bitCount(alignment) != 1) {
      throw new IllegalArgumentException(bytes + " bytes aligned to " + alignment);
    }
    return isLarge(bytes) ? large(bytes, alignment) : small(bytes, alignment);
  }

  @SuppressWarnings("MustBeClosedChecker") // closed when the buffer is
  private static DeviceBuffer small(long bytes, long alignment) throws DeviceMemoryException {
    Arena arena = Arena.ofShared();
    try {
      return DeviceBuffer.ofHost(arena.allocate(bytes, alignment), arena::close);
    } catch (OutOfMemoryError | IllegalArgumentException e) {
      // Besides the native heap's own answer, the JDK refuses alignments near 2^63.
      arena.close();
      throw noMemory(bytes, e);
    }
  }

  private DeviceBuffer large(long bytes, long alignment) throws DeviceMemoryException {
    PagePool.Block block = take(bytes, alignment);
    long begin = (block.address() + alignment - 1) & -alignment;
    return NativeMemory.buffer(begin, bytes, false, () -> pool.give(block));
  }

  private PagePool.Block take(long bytes, long alignment) throws DeviceMemoryException {
    try {
      return take(alignment <= Pages.HUGE ? bytes : Math.addExact(bytes, alignment));
    } catch (ArithmeticException e) {
      throw noMemory(bytes, e);
    }
  }

  private PagePool.Block take(long bytes) throws DeviceMemoryException {
    Optional<PagePool.Block> kept = pool.takeKept(bytes);
    if (kept.isPresent()) {
      return kept.get();
    }
    if (bytes >= WORTH_ASKING
        && bytes > freeBytes()
        && (pool.giveUpKept() == 0 || bytes > freeBytes())) {
      throw noMemory(bytes, null);
    }
    try {
      return pool.takeNew(bytes);
    } catch (ErrnoException e) {
      throw noMemory(bytes, e);
    }
  }

  private void touchByAll(DeviceBuffer buffer) throws DeviceMemoryException {
    long parts = (buffer.size() + TOUCHED_AT_ONCE - 1) / TOUCHED_AT_ONCE;
    Optional<ErrnoException> failure =
        LongStream.range(0, parts)
            .parallel()
            .mapToObj(part -> tryTouch(buffer, part * TOUCHED_AT_ONCE))
            .flatMap(Optional::stream)
            .findAny();
    if (failure.isPresent()) {
      buffer.close();
      throw noMemory(buffer.size(), failure.get());
    }
  }

  private Optional<ErrnoException> tryTouch(DeviceBuffer buffer, long from) {
    try {
      pages.touch(buffer.address() + from, Math.min(TOUCHED_AT_ONCE, buffer.size() - from));
      return Optional.empty();
    } catch (ErrnoException e) {
      return Optional.of(e);
    }
  }

  /**
   * Makes the pages of a part of {@linkplain #allocateFresh fresh} memory be there.
   *
   * @throws DeviceMemoryException if there are not enough
   */
  public void touch(MemorySegment part) throws DeviceMemoryException {
    try {
      pages.touch(part.address(), part.byteSize());
    } catch (ErrnoException e) {
      throw noMemory(part.byteSize(), e);
    }
  }

  private static DeviceMemoryException noMemory(long bytes, @Nullable Throwable cause) {
    String why = cause == null ? "" : cause.getMessage() + "; ";
    String remedy = why + "free memory, load fewer tensors, or map files instead of copying them";
    return new DeviceMemoryException(Device.CPU, bytes, freeBytes(), remedy, cause);
  }

  private static long freeBytes() {
    return HostMemory.memory().map(MemoryInfo::freeBytes).orElse(Long.MAX_VALUE);
  }

  @Override
  public DeviceBuffer allocateStaging(long bytes) throws DeviceMemoryException {
    return allocate(bytes, pages.libc().pageSize());
  }

  @Override
  public DeviceStream newStream() {
    checkOpen();
    return HostMemory.newStream(this);
  }

  @Override
  public boolean canConvert(DType from, DType to) {
    return HostMemory.canConvert(from, to);
  }

  @Override
  public MemoryInfo memory() throws LoadException {
    return HostMemory.memory()
        .orElseThrow(() -> new LoadException("cpu: can't read /proc/meminfo"));
  }

  @Override
  public OptionalInt numaNode() {
    return node;
  }

  @Override
  public Optional<String> pciBus() {
    return Optional.empty();
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("this context of cpu is closed");
    }
  }

  @Override
  public void close() {
    closed = true;
    pool.close();
  }
}
