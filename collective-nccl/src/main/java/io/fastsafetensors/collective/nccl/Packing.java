// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.nccl;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.toolkit.device.RegionPump;
import org.jspecify.annotations.Nullable;

/**
 * Device memory in which rows that are apart become adjacent before they are sent: NCCL knows no
 * rows. Made when it is first needed and kept until the group is closed. Used by one thread.
 */
final class Packing implements AutoCloseable {
  private static final long MOST_BYTES = 64L << 20;
  private static final long FEWEST_A_RANK = 256L << 10;
  private static final long ALIGNMENT = 256;

  private final DeviceContext context;
  private final int ranks;
  private final long chunk;
  private @Nullable DeviceBuffer memory;

  Packing(DeviceContext context, int ranks) {
    this.context = context;
    this.ranks = ranks;
    this.chunk =
        Math.max(FEWEST_A_RANK, MOST_BYTES / Math.max(1, ranks - 1) / ALIGNMENT * ALIGNMENT);
  }

  /** Returns how many bytes go to a rank at once: the same number on all ranks. */
  long chunk() {
    return chunk;
  }

  /**
   * Queues what makes a part of a region adjacent.
   *
   * @param source the region
   * @param from the first byte, counted row after row
   * @param bytes how many, at most {@link #chunk}
   * @param rank for whom: each has a place of its own
   * @param stream the device's queue
   * @return the bytes, in the region itself where they are adjacent already
   */
  Region pack(Region source, long from, long bytes, int rank, DeviceStream stream)
      throws LoadException {
    if (source.isContiguous()) {
      return source.slice(from, bytes);
    }
    Region target = Region.of(memory(), rank * chunk, bytes);
    for (long done = 0; done < bytes; ) {
      Region piece = source.piece(from + done, bytes - done);
      RegionPump.copy(piece, target.slice(done, piece.bytes()), stream);
      done += piece.bytes();
    }
    return target;
  }

  private DeviceBuffer memory() throws LoadException {
    if (memory == null) {
      memory = context.allocate(Math.multiplyExact(chunk, (long) ranks), ALIGNMENT);
    }
    return memory;
  }

  @Override
  public void close() {
    if (memory != null) {
      memory.close();
      memory = null;
    }
  }
}
