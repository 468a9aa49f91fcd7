// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.wrong;

import io.fastsafetensors.TransferPath;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.IoMonitor;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.IoSession;
import io.fastsafetensors.spi.IoTicket;
import io.fastsafetensors.spi.LoadMemory;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.toolkit.host.PlannedMemory;
import java.nio.file.Path;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** A backend that reads before {@code submit} returns, and tells so on the caller's thread. */
final class ReadingInSubmit extends ForwardingBackend {
  private record Block(Path file, TransferPath path, long offset, long bytes, long nanos) {}

  @Override
  public IoSession open(DeviceContext context, IoOptions options) throws LoadException {
    Later later = new Later(options.monitor());
    IoSession right = super.open(context, with(options, later));
    return new ForwardingSession(context, options, right) {
      @Override
      public IoTicket submit(RangePlan plan) throws LoadException {
        try (IoTicket ticket = super.submit(plan)) {
          return new Done(ticket.await(), later);
        }
      }
    };
  }

  /** Keeps what readers tell for the caller's thread. */
  private record Later(IoMonitor monitor, Queue<Block> blocks) implements IoMonitor {
    Later(IoMonitor monitor) {
      this(monitor, new ConcurrentLinkedQueue<>());
    }

    @Override
    public void blockDone(Path file, TransferPath path, long offset, long bytes, long nanos) {
      blocks.add(new Block(file, path, offset, bytes, nanos));
    }

    @Override
    public LoadMemory memory() {
      return PlannedMemory.unplanned();
    }

    @Override
    public void checkpoint() {}

    @Override
    public Deadline deadline() {
      return monitor.deadline();
    }

    void tell() throws LoadException {
      for (Block block = blocks.poll(); block != null; block = blocks.poll()) {
        monitor.checkpoint();
        monitor.blockDone(block.file, block.path, block.offset, block.bytes, block.nanos);
      }
    }
  }

  private static final class Done implements IoTicket {
    private final LoadedRanges loaded;
    private boolean handedOut;
    private boolean closed;

    Done(LoadedRanges loaded, Later later) throws LoadException {
      this.loaded = loaded;
      try {
        later.tell();
      } catch (LoadException e) {
        close();
        throw e;
      }
    }

    @Override
    public LoadedRanges await() {
      if (handedOut || closed) {
        throw new IllegalStateException("awaited or closed before");
      }
      handedOut = true;
      return loaded;
    }

    @Override
    public void close() {
      closed = true;
      if (!handedOut) {
        loaded.buffers().forEach(DeviceBuffer::close);
      }
    }
  }
}
