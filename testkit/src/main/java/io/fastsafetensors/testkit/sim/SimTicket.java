// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.sim;

import io.fastsafetensors.LoadCancelledException;
import io.fastsafetensors.LoadException;
import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.IoTicket;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.spi.Region;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** One file on its way: read by the session's thread, awaited and closed by the caller's. */
final class SimTicket implements IoTicket {
  private final SimSession session;
  private final RangePlan plan;
  private final DeviceBuffer buffer;
  private final List<Region> regions;
  private final CompletableFuture<LoadedRanges> result = new CompletableFuture<>();
  private volatile boolean stopped;
  private boolean awaited;
  private boolean handedOut;
  private boolean closed;

  SimTicket(SimSession session, RangePlan plan, DeviceBuffer buffer, List<Region> regions) {
    this.session = session;
    this.plan = plan;
    this.buffer = buffer;
    this.regions = regions;
  }

  /** Reads the file, and closes it. The result is there only when nothing goes on any more. */
  void read(FileChannel channel) {
    try {
      session.context().attach();
      result.complete(readAll(channel));
    } catch (IOException | RuntimeException e) {
      result.completeExceptionally(e);
    }
  }

  private LoadedRanges readAll(FileChannel channel) throws IOException {
    // Closing the stream waits for its copies, also after a failure.
    try (channel;
        DeviceStream stream = session.context().newStream()) {
      StagedReader reader = new StagedReader(session, plan, channel, stream);
      for (int i = 0; i < regions.size(); i++) {
        readRange(reader, plan.ranges().get(i).begin(), regions.get(i));
      }
      return new LoadedRanges(List.of(buffer), regions, reader.finish());
    }
  }

  private void readRange(StagedReader reader, long begin, Region region) throws LoadException {
    long block = session.staging().blockBytes();
    for (long at = 0; at < region.bytes(); at += block) {
      if (stopped) {
        throw new LoadCancelledException(plan.file() + ": the ticket was closed", false);
      }
      long bytes = Math.min(block, region.bytes() - at);
      reader.move(new ByteRange(begin + at, begin + at + bytes), region.slice(at, bytes));
    }
  }

  @Override
  public LoadedRanges await() throws LoadException {
    if (closed || awaited) {
      throw new IllegalStateException(plan.file() + ": this ticket was awaited or closed before");
    }
    awaited = true;
    Deadline deadline = session.options().monitor().deadline();
    try {
      LoadedRanges ranges = result.get(deadline.remainingNanos(), TimeUnit.NANOSECONDS);
      handedOut = true;
      return ranges;
    } catch (TimeoutException e) {
      throw new LoadCancelledException(
          plan.file() + ": not read within " + deadline.allowed(), true);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LoadCancelledException(plan.file() + ": interrupted", false);
    } catch (ExecutionException e) {
      throw failure(e);
    }
  }

  private LoadException failure(ExecutionException e) {
    return e.getCause() instanceof LoadException cause
        ? cause
        : SimSession.failure(plan, new ByteRange(0, plan.fileSize()), e.toString(), e);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      stopped = true;
      result.exceptionally(problem -> null).join();
      if (!handedOut) {
        session.free(buffer);
      }
    }
  }
}
