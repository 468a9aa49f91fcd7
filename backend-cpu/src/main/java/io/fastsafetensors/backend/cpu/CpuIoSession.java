// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.cpu;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.UnsupportedTransferException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.IoMonitor;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.IoSession;
import io.fastsafetensors.spi.IoTicket;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.TransferStats;
import io.fastsafetensors.toolkit.io.RangeLayout.Span;
import java.util.Collections;
import java.util.List;

/** Chooses the way that each file takes. */
final class CpuIoSession implements IoSession {
  private final DeviceContext context;
  private final IoOptions options;
  private final Copier copier;
  private boolean closed;

  CpuIoSession(DeviceContext context, IoOptions options) {
    this.context = context;
    this.options = options;
    this.copier = new Copier(context, options);
  }

  @Override
  public IoTicket submit(RangePlan plan) throws LoadException {
    if (closed) {
      throw new IllegalStateException("the session is closed");
    }
    options.monitor().checkpoint();
    if (options.direct() == DirectMode.ON) {
      String remedy = "reads past the page cache need the backend posix, or direct AUTO or OFF";
      throw new UnsupportedTransferException(CpuIoBackend.ID, plan.file(), remedy, null);
    }
    OpenFile file = OpenFile.open(plan);
    IoTicket ticket = null;
    try {
      ticket = submit(file, plan);
      return ticket;
    } finally {
      if (!(ticket instanceof CopyTicket)) {
        file.close();
      }
    }
  }

  private IoTicket submit(OpenFile file, RangePlan plan) throws LoadException {
    if (plan.bytes() == 0) {
      return empty(plan);
    }
    return options.path() == AccessPath.COPIED
        ? copier.start(file, plan, "copied: asked for")
        : mapOrCopy(file, plan);
  }

  private IoTicket mapOrCopy(OpenFile file, RangePlan plan) throws LoadException {
    long start = System.nanoTime();
    FileMapping mapping = FileMapping.map(file, plan, options.alignment());
    long nanos = System.nanoTime() - start;
    return switch (mapping) {
      case FileMapping.Mapped(Span span, LoadedRanges ranges) ->
          new ReadyTicket(ranges, () -> report(plan, span, nanos));
      case FileMapping.Misaligned(String reason) ->
          copier.start(file, plan, "copied: the file " + reason);
      case FileMapping.Unmappable(String reason, Exception cause)
          when options.path() == AccessPath.MAPPED ->
          throw new UnsupportedTransferException(CpuIoBackend.ID, plan.file(), reason, cause);
      case FileMapping.Unmappable(String reason, Exception cause) ->
          copier.start(file, plan, "copied: the file " + reason);
    };
  }

  private void report(RangePlan plan, Span span, long nanos) {
    IoMonitor monitor = options.monitor();
    monitor.blockDone(plan.file(), TransferPath.MAPPED, span.fileOffset(), span.bytes(), nanos);
  }

  private IoTicket empty(RangePlan plan) throws LoadException {
    DeviceBuffer buffer = context.allocate(0, 1);
    List<Region> regions = Collections.nCopies(plan.ranges().size(), Region.of(buffer));
    TransferStats stats = TransferStats.builder().reason("nothing to read").build();
    return new ReadyTicket(LoadedRanges.of(List.of(buffer), regions, stats), () -> {});
  }

  @Override
  public void close() {
    closed = true;
    copier.close();
  }
}
