// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda;

import io.fastsafetensors.Device;
import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.device.cuda.PinnedPages.Answer;
import io.fastsafetensors.device.cuda.PinnedPages.Block;
import io.fastsafetensors.device.cuda.driver.Addresses;
import io.fastsafetensors.device.cuda.driver.Calls;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.MemoryInfo;
import io.fastsafetensors.spi.Provider.Option;
import io.fastsafetensors.toolkit.device.HostMemory;
import io.fastsafetensors.toolkit.plugin.Settings;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.function.Supplier;
import jcuda.driver.CUresult;

/**
 * Page-locked host memory, from which devices copy at full speed. Locking takes the kernel longer
 * than a copy of the same size, so freed memory is kept for the next who wants the same size.
 * Thread-safe.
 */
final class PinnedMemory implements AutoCloseable {
  /** How much freed memory is kept. */
  static final Option<Long> KEPT_BYTES =
      Option.bytes("cuda.keptPinnedBytes", 0, Long.MAX_VALUE)
          .ofProcess()
          .defaultValue(256L << 20, "256 MiB")
          .describedAs(
              "How much pinned host memory that was freed an open device keeps for the next load;"
                  + " 0 keeps nothing. Read when a device is opened.");

  private final Device device;
  private final long mostKept = Settings.value(KEPT_BYTES);
  private final PinnedPages pages;
  private final Deque<Block> kept = new ArrayDeque<>();
  private long keptBytes;

  PinnedMemory(Device device) {
    this.device = device;
    this.pages = new PinnedPages(device);
  }

  /** Allocates a buffer. */
  @SuppressWarnings("MustBeClosedChecker") // the buffer closes the arena
  DeviceBuffer allocate(long bytes) throws DeviceMemoryException {
    Block block = take(bytes);
    Arena arena = Arena.ofShared();
    MemorySegment memory = Addresses.segment(block.address(), bytes, arena);
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
    Block block = bytes == 0 ? Block.NONE : make(() -> pages.allocate(bytes, alignment), bytes);
    Arena arena = Arena.ofShared();
    return DeviceBuffer.ofUnified(
        device,
        Addresses.segment(block.address(), bytes, arena),
        () -> {
          end(arena);
          block.free().run();
        });
  }

  private synchronized Block take(long bytes) throws DeviceMemoryException {
    for (Iterator<Block> blocks = kept.iterator(); blocks.hasNext(); ) {
      Block block = blocks.next();
      if (block.bytes() == bytes) {
        blocks.remove();
        keptBytes -= bytes;
        return block;
      }
    }
    return make(() -> pages.get(bytes), bytes);
  }

  private synchronized Block make(Supplier<Answer> request, long bytes)
      throws DeviceMemoryException {
    Answer answer = request.get();
    if (!answer.isSuccess() && !kept.isEmpty()) {
      giveUpKept(); // it may be what is lacking
      answer = request.get();
    }
    if (answer.code() == CUresult.CUDA_ERROR_INVALID_CONTEXT) {
      throw Calls.notAttached(device, "allocation of pinned memory");
    }
    if (!answer.isSuccess()) {
      long free = HostMemory.memory().map(MemoryInfo::freeBytes).orElse(-1L);
      throw new DeviceMemoryException(
          device, bytes, free, "pinned host memory: " + Calls.describe(answer.code()), null);
    }
    return answer.block();
  }

  private synchronized void free(Block block, Arena arena) {
    end(arena);
    if (keptBytes + block.bytes() <= mostKept) {
      kept.push(block);
      keptBytes += block.bytes();
    } else {
      block.free().run();
    }
  }

  /** Ends an arena, unless that was done before the memory could not be freed. */
  private static void end(Arena arena) {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }

  private void giveUpKept() {
    kept.forEach(block -> block.free().run());
    kept.clear();
    keptBytes = 0;
  }

  /** Gives what is kept back to the system. */
  @Override
  public synchronized void close() {
    giveUpKept();
    pages.close();
  }
}
