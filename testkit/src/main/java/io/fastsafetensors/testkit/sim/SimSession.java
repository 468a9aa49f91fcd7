// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.sim;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.TransferException;
import io.fastsafetensors.UnsupportedTransferException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.IoSession;
import io.fastsafetensors.spi.IoTicket;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.toolkit.io.MemoryBudget;
import io.fastsafetensors.toolkit.io.RangeLayout;
import io.fastsafetensors.toolkit.io.RangeLayout.Rules;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/** Opens files, makes room for them, and hands them to one thread that reads. */
final class SimSession implements IoSession {
  private static final long MIN_ALIGNMENT = 16;

  private final DeviceContext context;
  private final IoOptions options;
  private final StagingPair staging;
  private final ExecutorService reader;
  private final MemoryBudget budget;
  private boolean closed;

  SimSession(DeviceContext context, IoOptions options) throws LoadException {
    this.context = context;
    this.options = options;
    this.budget = new MemoryBudget(context.device(), options.memoryBudget());
    this.staging = new StagingPair(context, options.blockBytes());
    this.reader =
        Executors.newSingleThreadExecutor(
            Thread.ofPlatform().daemon().name("fastsafetensors-sim-reader").factory());
  }

  @Override
  public IoTicket submit(RangePlan plan) throws LoadException {
    if (closed) {
      throw new IllegalStateException("this session is closed");
    }
    if (options.path() == AccessPath.MAPPED || options.direct() == DirectMode.ON) {
      throw new UnsupportedTransferException(
          SimBackend.ID, plan.file(), "copies through the page cache, nothing else", null);
    }
    FileChannel channel = open(plan);
    try {
      RangeLayout layout = RangeLayout.of(plan, Rules.builder().alignment(alignment()).build());
      DeviceBuffer buffer = allocate(layout.bytes());
      SimTicket ticket = new SimTicket(this, plan, channel, buffer, layout.regions(buffer));
      reader.execute(() -> ticket.run(ticket::read));
      return ticket;
    } catch (LoadException | RuntimeException e) {
      closeAfter(channel, e);
      throw e;
    }
  }

  private static void closeAfter(FileChannel channel, Exception failure) {
    try {
      channel.close();
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
  }

  private static FileChannel open(RangePlan plan) throws TransferException {
    try {
      return FileChannel.open(plan.file(), StandardOpenOption.READ);
    } catch (IOException e) {
      throw failure(plan, whole(plan), "can't be opened: " + e, e);
    }
  }

  private DeviceBuffer allocate(long bytes) throws DeviceMemoryException {
    budget.take(bytes);
    return context.allocate(bytes, alignment());
  }

  private long alignment() {
    return Math.max(MIN_ALIGNMENT, options.alignment());
  }

  /** Frees memory that was not handed out. */
  void free(DeviceBuffer buffer) {
    context.attach();
    buffer.close();
    budget.giveBack(buffer.size());
  }

  static TransferException failure(
      RangePlan plan, ByteRange range, String detail, @Nullable Throwable cause) {
    return new TransferException(
        SimBackend.ID, plan.file(), range.begin(), range.size(), detail, cause);
  }

  private static ByteRange whole(RangePlan plan) {
    return new ByteRange(0, plan.fileSize());
  }

  DeviceContext context() {
    return context;
  }

  IoOptions options() {
    return options;
  }

  StagingPair staging() {
    return staging;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      reader.close();
      context.attach();
      staging.close();
    }
  }
}
