// SPDX-License-Identifier: Apache-2.0
package org.example.spi;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.TransferException;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.UnsupportedTransferException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.IoSession;
import io.fastsafetensors.spi.IoTicket;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.TransferStats;
import io.fastsafetensors.toolkit.io.EarlyTicket;
import io.fastsafetensors.toolkit.io.MemoryBudget;
import io.fastsafetensors.toolkit.io.RangeLayout;
import io.fastsafetensors.toolkit.io.RangeLayout.Span;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.FileSystems;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** One client and some threads for the files of a load. */
final class SpiSession implements IoSession {
  private final HttpClient client = HttpClient.newHttpClient();
  private final URI server;
  private final DeviceContext context;
  private final IoOptions options;
  private final ExecutorService readers;
  private final MemoryBudget budget;
  private boolean closed;

  SpiSession(URI server, DeviceContext context, IoOptions options) {
    this.server = server;
    this.context = context;
    this.options = options;
    this.budget = new MemoryBudget(context.device(), options.memoryBudget());
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
      throw new UnsupportedTransferException(SpiBackend.ID, plan.file(), "HTTP copies", null);
    }
    long alignment = Math.max(64, options.alignment()); // IO-108
    RangeLayout.Rules rules = RangeLayout.Rules.builder().alignment(alignment).maxGap(4096).build();
    RangeLayout layout = RangeLayout.of(plan, rules);
    budget.take(layout.bytes()); // IO-113
    DeviceBuffer buffer = context.allocate(layout.bytes(), layout.bufferAlignment());
    List<Span> blocks = layout.blocks(options.blockBytes() > 0 ? options.blockBytes() : 8 << 20);
    Ticket ticket = new Ticket(plan, layout, blocks, buffer, blocks.size());
    blocks.forEach(block -> readers.execute(() -> ticket.run(() -> ticket.read(block))));
    return ticket;
  }

  @Override
  public void close() {
    closed = true;
    readers.close();
    client.close();
  }

  /** A file on its way: a request a block. The base class counts, waits and drains. */
  private final class Ticket extends EarlyTicket {
    private final RangePlan plan;
    private final RangeLayout layout;
    private final Deque<Span> left;
    private final DeviceBuffer buffer;

    Ticket(RangePlan plan, RangeLayout layout, List<Span> left, DeviceBuffer buffer, int jobs) {
      super(plan, options.monitor(), jobs);
      this.plan = plan;
      this.layout = layout;
      this.left = new ArrayDeque<>(left);
      this.buffer = buffer;
    }

    /** Reads a block: whichever is wanted first. */
    void read(Span inTurn) throws LoadException {
      Span block = next();
      options.monitor().checkpoint(); // IO-106
      long start = System.nanoTime();
      byte[] bytes = get(block);
      buffer
          .host()
          .orElseThrow()
          .asSlice(block.bufferOffset(), block.bytes())
          .copyFrom(MemorySegment.ofArray(bytes));
      long nanos = System.nanoTime() - start;
      options
          .monitor()
          .blockDone(plan.file(), TransferPath.BUFFERED, block.fileOffset(), block.bytes(), nanos);
      landed(List.of(block)); // IO-132
    }

    private Span next() {
      synchronized (left) {
        return left.remove();
      }
    }

    @Override
    protected void hurry(ByteRange range) { // IO-135
      synchronized (left) {
        List<Span> wanted =
            left.stream()
                .filter(b -> b.fileOffset() < range.end() && range.begin() < b.fileEnd())
                .toList();
        left.removeAll(wanted);
        wanted.reversed().forEach(left::addFirst);
      }
    }

    @Override
    protected Optional<Region> region(int range) {
      return Optional.of(layout.region(range, buffer));
    }

    /** The answer says how large the file is, so that one that became shorter shows (IO-105). */
    private byte[] get(Span block) throws LoadException {
      long last = block.fileEnd() - 1;
      URI file = server.resolve(plan.file().toUri().getRawPath());
      String range = "bytes " + block.fileOffset() + "-" + last + "/" + plan.fileSize();
      HttpRequest request =
          HttpRequest.newBuilder(file)
              .header("Range", "bytes=" + block.fileOffset() + "-" + last)
              .build();
      try {
        HttpResponse<byte[]> answer = client.send(request, BodyHandlers.ofByteArray());
        String got = answer.headers().firstValue("Content-Range").orElse("nothing");
        if (!got.equals(range) || answer.body().length != block.bytes()) {
          String detail = "got " + got + ", status " + answer.statusCode() + ", want " + range;
          throw failure(block, detail, null);
        }
        return answer.body();
      } catch (LoadException e) {
        throw e;
      } catch (InterruptedException | IOException e) {
        throw failure(block, "no answer: " + e, e);
      }
    }

    private TransferException failure(Span block, String detail, Throwable cause) {
      return new TransferException(
          SpiBackend.ID, plan.file(), block.fileOffset(), block.bytes(), detail, cause);
    }

    @Override
    protected LoadedRanges finish() {
      long bytes = layout.spans().stream().mapToLong(Span::bytes).sum();
      TransferStats stats =
          TransferStats.builder()
              .bytes(TransferPath.BUFFERED, bytes)
              .reason("by HTTP from " + server)
              .build();
      return LoadedRanges.of(List.of(buffer), layout.regions(buffer), stats);
    }

    @Override
    protected void release(boolean handedOut) {
      if (!handedOut && !isGivenOut(buffer)) { // IO-133
        budget.giveBack(layout.bytes());
        buffer.close();
      }
    }
  }
}
