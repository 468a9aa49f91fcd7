// SPDX-License-Identifier: Apache-2.0
package org.example.http;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.LoadCancelledException;
import io.fastsafetensors.LoadException;
import io.fastsafetensors.TransferException;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.UnsupportedTransferException;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.IoSession;
import io.fastsafetensors.spi.IoTicket;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.spi.RangeLayout;
import io.fastsafetensors.spi.RangeLayout.Span;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.spi.TransferStats;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.FileSystems;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** One client and some threads for the files of a load. */
final class HttpSession implements IoSession {
  private final HttpClient client = HttpClient.newHttpClient();
  private final URI server;
  private final DeviceContext context;
  private final IoOptions options;
  private final ExecutorService readers;
  private long held;
  private boolean closed;

  HttpSession(URI server, DeviceContext context, IoOptions options) {
    this.server = server;
    this.context = context;
    this.options = options;
    this.readers = Executors.newFixedThreadPool(options.threads() > 0 ? options.threads() : 8);
  }

  @Override
  public IoTicket submit(RangePlan plan) throws LoadException {
    if (closed) {
      throw new IllegalStateException("the session is closed"); // IO-111
    }
    if (plan.file().getFileSystem() != FileSystems.getDefault()
        || options.path() == AccessPath.MAPPED
        || options.direct() == DirectMode.ON) {
      throw new UnsupportedTransferException(HttpBackend.ID, plan.file(), "HTTP copies", null);
    }
    long alignment = Math.max(64, options.alignment()); // IO-108
    RangeLayout layout = RangeLayout.of(plan, new RangeLayout.Rules(alignment, 0, 4096, 1));
    long left = options.memoryBudget() - held; // IO-113
    if (layout.bytes() > left) {
      throw new DeviceMemoryException(context.device(), layout.bytes(), left, "budget", null);
    }
    DeviceBuffer buffer = context.allocate(layout.bytes(), layout.bufferAlignment());
    held += layout.bytes();
    return new Ticket(plan, layout, buffer);
  }

  @Override
  public void close() {
    closed = true;
    readers.close();
    client.close();
  }

  /** A file on its way: a request a block. */
  private final class Ticket implements IoTicket {
    private final RangePlan plan;
    private final RangeLayout layout;
    private final DeviceBuffer buffer;
    private final CompletableFuture<Void> blocks;
    private volatile boolean stopped;
    private boolean awaited;
    private boolean handedOut;

    Ticket(RangePlan plan, RangeLayout layout, DeviceBuffer buffer) {
      this.plan = plan;
      this.layout = layout;
      this.buffer = buffer;
      MemorySegment memory = buffer.host().orElseThrow();
      long size = options.blockBytes() > 0 ? options.blockBytes() : 8 << 20;
      this.blocks =
          CompletableFuture.allOf(
              layout.blocks(size).stream()
                  .map(block -> CompletableFuture.runAsync(() -> read(block, memory), readers))
                  .toArray(CompletableFuture<?>[]::new));
    }

    private void read(Span block, MemorySegment memory) {
      try {
        options.monitor().checkpoint(); // IO-106
        if (!stopped) {
          long start = System.nanoTime();
          MemorySegment bytes = MemorySegment.ofArray(get(block.fileOffset(), block.fileEnd() - 1));
          memory.asSlice(block.bufferOffset(), block.bytes()).copyFrom(bytes);
          long nanos = System.nanoTime() - start;
          options
              .monitor()
              .blockDone(
                  plan.file(), TransferPath.BUFFERED, block.fileOffset(), block.bytes(), nanos);
        }
      } catch (InterruptedException | IOException e) {
        stopped = true;
        throw new CompletionException(e);
      }
    }

    /** The answer says how large the file is, so that one that became shorter shows (IO-105). */
    private byte[] get(long first, long last) throws IOException, InterruptedException {
      URI file = server.resolve(plan.file().toUri().getRawPath());
      String range = "bytes " + first + "-" + last + "/" + plan.fileSize();
      HttpResponse<byte[]> answer =
          client.send(
              HttpRequest.newBuilder(file).header("Range", "bytes=" + first + "-" + last).build(),
              BodyHandlers.ofByteArray());
      String got = answer.headers().firstValue("Content-Range").orElse("nothing");
      if (!got.equals(range) || answer.body().length != last - first + 1) {
        throw failure("got " + got + ", status " + answer.statusCode() + ", want " + range, null);
      }
      return answer.body();
    }

    private TransferException failure(String detail, Throwable cause) {
      return new TransferException(HttpBackend.ID, plan.file(), 0, plan.fileSize(), detail, cause);
    }

    @Override
    public LoadedRanges await() throws LoadException {
      if (awaited) {
        throw new IllegalStateException(plan.file() + ": awaited or closed before"); // IO-111
      }
      awaited = true;
      try {
        blocks.get(options.monitor().deadline().remainingNanos(), TimeUnit.NANOSECONDS);
      } catch (TimeoutException e) {
        throw new LoadCancelledException(plan.file() + ": out of time", true); // IO-107
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new LoadCancelledException(plan.file() + ": interrupted", false); // IO-106
      } catch (ExecutionException e) {
        throw e.getCause() instanceof LoadException cause ? cause : failure("no answer: " + e, e);
      }
      handedOut = true;
      long bytes = layout.spans().stream().mapToLong(Span::bytes).sum();
      TransferStats stats =
          new TransferStats(Map.of(TransferPath.BUFFERED, bytes), 0, 0, "by HTTP from " + server);
      return new LoadedRanges(List.of(buffer), layout.regions(buffer), stats);
    }

    @Override
    public void close() {
      awaited = true;
      stopped = true;
      blocks.exceptionally(_ -> null).join(); // IO-102: nothing touches the buffer after this
      if (!handedOut) {
        handedOut = true;
        held -= layout.bytes();
        buffer.close();
      }
    }
  }
}
