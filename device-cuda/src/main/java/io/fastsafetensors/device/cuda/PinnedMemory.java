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

  /** What staging memory is aligned to. The driver aligns less where a request is small. */
  private static final long PAGE = 4096;

  /**
   * What the driver gave.
   *
   * @param bytes how much was asked for; there is more, for a place in it to be aligned
   */
  private record Block(Pointer pointer, long bytes) {
    static final Block NONE = new Block(new Pointer(), 0);

    /** Returns the first address in it that is a multiple of a power of two. */
    long address(long alignment) {
      return Addresses.of(pointer) + alignment - 1 & -alignment;
    }
  }

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
    MemorySegment memory = Addresses.segment(block.address(PAGE), bytes, arena);
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
    Block block = bytes == 0 ? Block.NONE : make(bytes, alignment);
    Arena arena = Arena.ofShared();
    return DeviceBuffer.ofUnified(
        device,
        Addresses.segment(block.address(alignment), bytes, arena),
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
    return make(bytes, PAGE);
  }

  private synchronized Block make(long bytes, long alignment) throws DeviceMemoryException {
    long asked = bytes > Long.MAX_VALUE - alignment ? Long.MAX_VALUE : bytes + alignment - 1;
    Pointer pointer = new Pointer();
    int code = pin(pointer, asked);
    if (code != CUresult.CUDA_SUCCESS && !kept.isEmpty()) {
      close(); // what is kept may be what is lacking
      code = pin(pointer, asked);
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
