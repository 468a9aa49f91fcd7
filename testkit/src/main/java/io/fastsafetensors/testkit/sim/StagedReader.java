// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.sim;

import io.fastsafetensors.TransferPath;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.IoMonitor;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.StreamMark;
import io.fastsafetensors.spi.TransferStats;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import org.jspecify.annotations.Nullable;

/** Brings one file's bytes through the staging buffers to the device, block by block. */
final class StagedReader {
  /** A block on its way from a staging buffer to the device. */
  private record Pending(StreamMark mark, long offset, long bytes, long readNanos) {}

  private final RangePlan plan;
  private final FileChannel channel;
  private final DeviceStream stream;
  private final StagingPair staging;
  private final IoMonitor monitor;
  private final @Nullable Pending[] pending = new Pending[StagingPair.COUNT];
  private int slot;
  private long bytes;
  private long readNanos;
  private long waitNanos;

  StagedReader(SimSession session, RangePlan plan, FileChannel channel, DeviceStream stream) {
    this.plan = plan;
    this.channel = channel;
    this.stream = stream;
    this.staging = session.staging();
    this.monitor = session.options().monitor();
  }

  /** Moves a block, which must fit a staging buffer. */
  void move(ByteRange block, Region target) throws LoadException {
    monitor.checkpoint();
    settle(slot);
    MemorySegment memory = staging.get(slot).asSlice(0, block.size());
    long start = System.nanoTime();
    readFully(block, memory.asByteBuffer());
    long nanos = System.nanoTime() - start;
    stream.copyFromHost(memory, target);
    pending[slot] = new Pending(stream.record(), block.begin(), block.size(), nanos);
    readNanos += nanos;
    slot = (slot + 1) % StagingPair.COUNT;
  }

  private void readFully(ByteRange block, ByteBuffer into) throws LoadException {
    try {
      while (into.hasRemaining()) {
        if (channel.read(into, block.begin() + into.position()) < 0) {
          throw SimSession.failure(
              plan, block, "the file ends after " + into.position() + " of these bytes", null);
        }
      }
    } catch (LoadException e) {
      throw e;
    } catch (IOException e) {
      throw SimSession.failure(plan, block, e.toString(), e);
    }
  }

  /** Waits until a staging buffer is free: only then has its block arrived. */
  private void settle(int index) throws LoadException {
    Pending block = pending[index];
    if (block != null) {
      long start = System.nanoTime();
      block.mark().await(monitor.deadline());
      waitNanos += System.nanoTime() - start;
      pending[index] = null;
      bytes += block.bytes();
      monitor.blockDone(
          plan.file(), TransferPath.BUFFERED, block.offset(), block.bytes(), block.readNanos());
    }
  }

  /** Waits for the blocks that are still on their way. */
  TransferStats finish() throws LoadException {
    for (int i = 0; i < StagingPair.COUNT; i++) {
      settle((slot + i) % StagingPair.COUNT);
    }
    return TransferStats.builder()
        .bytes(TransferPath.BUFFERED, bytes)
        .readNanos(readNanos)
        .copyNanos(waitNanos)
        .reason("through staging memory")
        .build();
  }
}
