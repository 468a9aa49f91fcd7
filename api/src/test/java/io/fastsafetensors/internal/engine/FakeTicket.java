// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.TransferException;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.IoTicket;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.TransferStats;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.List;

/** Allocates when submitted, reads range by range when awaited. */
final class FakeTicket implements IoTicket {
  private final FakeBackend backend;
  private final DeviceContext context;
  private final IoOptions options;
  private final RangePlan plan;
  private final Ledger.Entry entry;
  private final DeviceBuffer buffer;
  private boolean given;

  FakeTicket(FakeBackend backend, DeviceContext context, IoOptions options, RangePlan plan)
      throws LoadException {
    this.backend = backend;
    this.context = context;
    this.options = options;
    this.plan = plan;
    this.buffer = context.allocate(plan.bytes(), 64);
    this.entry = backend.ledger.open("ticket");
  }

  @Override
  public LoadedRanges await() throws LoadException {
    entry.checkOpen();
    backend.onAwait.at(plan.file());
    List<Region> regions = new ArrayList<>();
    long offset = 0;
    try (FileChannel channel = FileChannel.open(plan.file());
        DeviceStream stream = context.newStream()) {
      for (ByteRange range : plan.ranges()) {
        options.monitor().checkpoint();
        Region region = Region.of(buffer, offset, range.size());
        read(channel, range, region, stream);
        regions.add(region);
        offset += range.size();
        options
            .monitor()
            .blockDone(plan.file(), TransferPath.BUFFERED, range.begin(), range.size(), 1000);
      }
    } catch (LoadException e) {
      throw e;
    } catch (IOException e) {
      throw new LoadException(plan.file() + ": " + e, e);
    }
    LoadedRanges loaded =
        backend.answer.apply(
            LoadedRanges.of(
                List.of(buffer),
                regions,
                TransferStats.builder()
                    .bytes(TransferPath.BUFFERED, plan.bytes())
                    .readNanos(5000)
                    .reason("read plainly")
                    .build()));
    given = true;
    return loaded;
  }

  private void read(FileChannel channel, ByteRange range, Region region, DeviceStream stream)
      throws IOException {
    ByteBuffer bytes = ByteBuffer.allocateDirect(Math.toIntExact(range.size()));
    while (bytes.hasRemaining()) {
      if (channel.read(bytes, range.begin() + bytes.position()) < 0) {
        throw new TransferException(
            backend.id(), plan.file(), range.begin(), range.size(), "the file is too short", null);
      }
    }
    stream.copyFromHost(MemorySegment.ofBuffer(bytes.flip()), region);
    stream.record().await(options.monitor().deadline());
  }

  @Override
  public int stop(Deadline deadline) {
    FakeBackend.run(backend.onStop, plan.file());
    return IoTicket.super.stop(deadline);
  }

  @Override
  public void close() {
    entry.close();
    if (!given) {
      given = true;
      context.attach();
      buffer.close();
    }
    FakeBackend.run(backend.onTicketClose, plan.file());
  }
}
