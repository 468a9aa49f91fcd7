// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.sim;

import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.TransferStats;
import io.fastsafetensors.toolkit.io.ParallelTicket;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.util.List;

/** One file on its way: a single job of the session's thread. */
final class SimTicket extends ParallelTicket {
  private final SimSession session;
  private final RangePlan plan;
  private final FileChannel channel;
  private final DeviceBuffer buffer;
  private final List<Region> regions;
  private volatile TransferStats stats = TransferStats.builder().reason("not read").build();

  SimTicket(
      SimSession session,
      RangePlan plan,
      FileChannel channel,
      DeviceBuffer buffer,
      List<Region> regions) {
    super(plan.file(), session.options().monitor(), 1);
    this.session = session;
    this.plan = plan;
    this.channel = channel;
    this.buffer = buffer;
    this.regions = regions;
  }

  /** Reads the file. */
  void read() throws LoadException {
    session.context().attach();
    // Closing the stream waits for its copies, also after a failure.
    try (DeviceStream stream = session.context().newStream()) {
      StagedReader reader = new StagedReader(session, plan, channel, stream);
      for (int i = 0; i < regions.size(); i++) {
        readRange(reader, plan.ranges().get(i).begin(), regions.get(i));
      }
      stats = reader.finish();
    }
  }

  private void readRange(StagedReader reader, long begin, Region region) throws LoadException {
    long block = session.staging().blockBytes();
    for (long at = 0; at < region.bytes(); at += block) {
      if (isStopped()) {
        throw new LoadCancelledException(plan.file() + ": the ticket was closed", false);
      }
      long bytes = Math.min(block, region.bytes() - at);
      reader.move(new ByteRange(begin + at, begin + at + bytes), region.slice(at, bytes));
    }
  }

  @Override
  protected LoadedRanges finish() {
    return LoadedRanges.of(List.of(buffer), regions, stats);
  }

  @Override
  protected void release(boolean handedOut) {
    try {
      channel.close();
    } catch (IOException e) {
      System.getLogger(SimTicket.class.getName())
          .log(System.Logger.Level.DEBUG, plan.file() + ": closing a file that was only read", e);
    }
    if (!handedOut) {
      session.free(buffer);
    }
  }
}
