// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Device;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.IoBackend;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.IoSession;
import io.fastsafetensors.spi.IoTicket;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.spi.RangePlan;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;

/** A backend for tests that reads real files plainly, fails on demand, and keeps a ledger. */
final class FakeBackend implements IoBackend {
  /** A place in a load where a test may interfere. */
  @FunctionalInterface
  interface Hook {
    void at(Path file) throws LoadException;
  }

  final Ledger ledger;
  final List<Path> submitted = new CopyOnWriteArrayList<>(); // ranks share the backend
  final AtomicInteger mostTickets = new AtomicInteger();
  private final String id;
  private final int priority;
  Hook onOpen = _ -> {};
  Hook onSubmit = _ -> {};
  Hook onAwait = _ -> {};
  Hook onStop = _ -> {};
  Hook onTicketClose = _ -> {};
  Hook onSessionClose = _ -> {};
  UnaryOperator<LoadedRanges> answer = UnaryOperator.identity();
  volatile IoOptions options;

  /** Whether it finds files in the page cache. */
  volatile boolean isCached;

  /** The call that returns null: {@code open} or {@code submit}. */
  String returnsNull = "";

  FakeBackend(Ledger ledger, String id, int priority) {
    this.ledger = ledger;
    this.id = id;
    this.priority = priority;
  }

  @Override
  public String id() {
    return id;
  }

  @Override
  public int spiVersion() {
    return SPI_VERSION;
  }

  @Override
  public int priority() {
    return priority;
  }

  @Override
  public Availability probe(Device device) {
    return Availability.available("for tests");
  }

  @Override
  public OpenFile openFile(Path file, IoOptions openOptions) throws IOException {
    OpenFile real = IoBackend.super.openFile(file, openOptions);
    return new OpenFile() {
      @Override
      public long size() {
        return real.size();
      }

      @Override
      public Optional<Object> version() throws IOException {
        return real.version();
      }

      @Override
      public TransferPath read(MemorySegment target, long offset) throws IOException {
        return real.read(target, offset);
      }

      @Override
      public Optional<DeviceBuffer> map() throws IOException {
        return real.map();
      }

      @Override
      public boolean mayHang() {
        return real.mayHang();
      }

      @Override
      public boolean isCached(long offset, long bytes) {
        return isCached;
      }

      @Override
      public void close() {
        real.close();
      }
    };
  }

  @Override
  public IoSession open(DeviceContext context, IoOptions options) throws LoadException {
    onOpen.at(Path.of(id));
    if (returnsNull.equals("open")) {
      return null;
    }
    this.options = options;
    Ledger.Entry entry = ledger.open("session");
    return new IoSession() {
      @Override
      public IoTicket submit(RangePlan plan) throws LoadException {
        entry.checkOpen();
        onSubmit.at(plan.file());
        if (returnsNull.equals("submit")) {
          return null;
        }
        submitted.add(plan.file());
        IoTicket ticket = new FakeTicket(FakeBackend.this, context, options, plan);
        mostTickets.accumulateAndGet((int) ledger.stillOpen("ticket"), Math::max);
        return ticket;
      }

      @Override
      public void close() {
        if (ledger.stillOpen("ticket") > 0 && ledger.stillOpen("session") == 1) {
          throw new AssertionError("the session was closed before its tickets");
        }
        entry.close();
        run(onSessionClose, Path.of(id));
      }
    };
  }

  static void run(Hook hook, Path file) {
    try {
      hook.at(file);
    } catch (LoadException e) {
      throw new AssertionError(e);
    }
  }
}
