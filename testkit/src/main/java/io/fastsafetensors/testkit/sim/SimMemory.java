// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.sim;

import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * The address space of simulated devices. Its addresses are none of any processor's, so that code
 * which takes one for host memory ends at once; memory is found by address, as by a real driver.
 */
final class SimMemory {
  /** Not canonical on any 64-bit processor: no host memory is there. */
  private static final long BASE = 0x5100_0000_0000_0000L;

  /** Between buffers, so that running over an end meets no neighbour. */
  private static final long GAP = 1 << 16;

  private static final MemorySegment NOTHING = MemorySegment.ofArray(new byte[0]);

  private final ConcurrentSkipListMap<Long, MemorySegment> live = new ConcurrentSkipListMap<>();
  private long next = BASE;

  /** Gives memory an address that was never given before. */
  synchronized long map(MemorySegment memory, long alignment) {
    long address = Math.addExact(next + GAP, alignment - 1) & -alignment;
    next = Math.addExact(address, memory.byteSize());
    live.put(address, memory);
    return address;
  }

  void unmap(long address) {
    live.remove(address);
  }

  /** Finds memory by address. */
  MemorySegment at(long address, long bytes) {
    if (bytes == 0) {
      return NOTHING;
    }
    Map.Entry<Long, MemorySegment> entry = live.floorEntry(address);
    if (entry == null || address + bytes > entry.getKey() + entry.getValue().byteSize()) {
      throw new IllegalStateException(
          bytes + " bytes at 0x" + Long.toHexString(address) + ": freed, or never allocated");
    }
    return entry.getValue().asSlice(address - entry.getKey(), bytes);
  }
}
