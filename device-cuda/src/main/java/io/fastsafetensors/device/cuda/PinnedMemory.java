// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda;

import io.fastsafetensors.Device;
import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.device.cuda.driver.Addresses;
import io.fastsafetensors.device.cuda.driver.Calls;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.HostMemory;
import io.fastsafetensors.spi.MemoryInfo;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import jcuda.Pointer;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/**
 * Page-locked host memory, from which devices copy at full speed. Locking takes the kernel longer
 * than a copy of the same size, so freed memory is kept for the next who wants the same size.
 * Thread-safe.
 */
final class PinnedMemory implements AutoCloseable {
  /** The system property of how much freed memory is kept. */
  static final String KEPT_BYTES = "io.fastsafetensors.cuda.keptPinnedBytes";

  private static final long DEFAULT_KEPT = 256L << 20;

  /** What the driver aligns it to at least. */
  private static final long PAGE = 4096;

  private record Block(Pointer pointer, long bytes) {}

  private static final Block NONE = new Block(new Pointer(), 0);

  private final Device device;
  private final long mostKept = Math.max(0, Long.getLong(KEPT_BYTES, DEFAULT_KEPT));
  private final Deque<Block> kept = new ArrayDeque<>();
  private long keptBytes;

  PinnedMemory(Device device) {
    this.device = device;
  }

  /** Allocates a buffer. */
  @SuppressWarnings("MustBeClosedChecker") // the buffer closes the arena
  DeviceBuffer allocate(long bytes) throws DeviceMemoryException {
    Block block = take(bytes);
    Arena arena = Arena.ofShared();
    MemorySegment memory = Addresses.segment(Addresses.of(block.pointer), bytes, arena);
    return DeviceBuffer.ofHost(memory, () -> free(block, arena));
  }

  /**
   * Allocates memory of a device that has none but the host's; it is not kept. CUDA maps pinned
   * memory for the device at the host's address. The host can't reach what {@code cuMemAlloc}
   * gives, not there either, and must leave managed memory alone while such a device works, unless
   * it allows {@code concurrentManagedAccess}.
   *
   * @param bytes the size; 0 has no memory
   * @param alignment a power of two, what the address is to be a multiple of
   */
  @SuppressWarnings("MustBeClosedChecker") // the buffer closes the arena
  DeviceBuffer allocateUnified(long bytes, long alignment) throws DeviceMemoryException {
    long slack = Math.max(0, alignment - PAGE);
    long asked = bytes > Long.MAX_VALUE - slack ? Long.MAX_VALUE : bytes + slack;
    Block block = bytes == 0 ? NONE : make(asked);
    long address = Addresses.of(block.pointer) + alignment - 1 & -alignment;
    Arena arena = Arena.ofShared();
    return DeviceBuffer.ofUnified(
        device,
        Addresses.segment(address, bytes, arena),
        () -> {
          end(arena);
          if (bytes > 0) {
            unpin(block);
          }
        });
  }

  private synchronized Block take(long bytes) throws DeviceMemoryException {
    for (Iterator<Block> blocks = kept.iterator(); blocks.hasNext(); ) {
      Block block = blocks.next();
      if (block.bytes == bytes) {
        blocks.remove();
        keptBytes -= bytes;
        return block;
      }
    }
    return make(bytes);
  }

  private synchronized Block make(long bytes) throws DeviceMemoryException {
    Pointer pointer = new Pointer();
    int code = pin(pointer, bytes);
    if (code != CUresult.CUDA_SUCCESS && !kept.isEmpty()) {
      close(); // what is kept may be what is lacking
      code = pin(pointer, bytes);
    }
    if (code == CUresult.CUDA_ERROR_INVALID_CONTEXT) {
      throw Calls.notAttached(device, "allocation of pinned memory");
    }
    if (code != CUresult.CUDA_SUCCESS) {
      long free = HostMemory.memory().map(MemoryInfo::freeBytes).orElse(-1L);
      throw new DeviceMemoryException(
          device, bytes, free, "pinned host memory: " + Calls.describe(code), null);
    }
    return new Block(pointer, bytes);
  }

  private static int pin(Pointer pointer, long bytes) {
    return Calls.code(
        () -> JCudaDriver.cuMemHostAlloc(pointer, bytes, JCudaDriver.CU_MEMHOSTALLOC_PORTABLE));
  }

  private synchronized void free(Block block, Arena arena) {
    end(arena);
    if (keptBytes + block.bytes <= mostKept) {
      kept.push(block);
      keptBytes += block.bytes;
    } else {
      unpin(block);
    }
  }

  /** Ends an arena, unless that was done before the memory could not be freed. */
  private static void end(Arena arena) {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }

  private void unpin(Block block) {
    Calls.release(device, "cuMemFreeHost", () -> JCudaDriver.cuMemFreeHost(block.pointer));
  }

  /** Gives what is kept back to the system. */
  @Override
  public synchronized void close() {
    kept.forEach(this::unpin);
    kept.clear();
    keptBytes = 0;
  }
}
