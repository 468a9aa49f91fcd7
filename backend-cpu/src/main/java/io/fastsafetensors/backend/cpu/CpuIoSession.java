// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.cpu;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.Reason;
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
      throw new UnsupportedTransferException(
          CpuIoBackend.ID, plan.file(), Reasons.NOT_DIRECT, null);
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
        ? copier.start(file, plan, Reasons.COPY_ASKED_FOR)
        : mapOrCopy(file, plan);
  }

  private IoTicket mapOrCopy(OpenFile file, RangePlan plan) throws LoadException {
    long start = System.nanoTime();
    MappingOutcome mapping = MappingOutcome.map(file, plan, options.alignment());
    long nanos = System.nanoTime() - start;
    return switch (mapping) {
      case MappingOutcome.Mapped(Span span, LoadedRanges ranges) ->
          new ReadyTicket(ranges, () -> report(plan, span, nanos));
      case MappingOutcome.Misaligned(Reason why) -> copier.start(file, plan, Reasons.copied(why));
      case MappingOutcome.Unmappable(Reason why, Exception cause)
          when options.path() == AccessPath.MAPPED ->
          throw new UnsupportedTransferException(CpuIoBackend.ID, plan.file(), why, cause);
      case MappingOutcome.Unmappable(Reason why, Exception _) ->
          copier.start(file, plan, Reasons.copied(why));
    };
  }

  private void report(RangePlan plan, Span span, long nanos) {
    IoMonitor monitor = options.monitor();
    monitor.blockDone(plan.file(), TransferPath.MAPPED, span.fileOffset(), span.bytes(), nanos);
  }

  private IoTicket empty(RangePlan plan) throws LoadException {
    DeviceBuffer buffer = context.allocate(0, 1);
    List<Region> regions = Collections.nCopies(plan.ranges().size(), Region.of(buffer));
    TransferStats stats = TransferStats.builder().reason(Reasons.NOTHING).build();
    return new ReadyTicket(LoadedRanges.of(List.of(buffer), regions, stats), () -> {});
  }

  @Override
  public void close() {
    closed = true;
    copier.close();
  }
}
