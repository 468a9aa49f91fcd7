// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.wrong;

import io.fastsafetensors.TransferPath;
import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.IoBackend;
import io.fastsafetensors.spi.IoMonitor;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.IoSession;
import io.fastsafetensors.spi.IoTicket;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.spi.StreamMark;
import io.fastsafetensors.testkit.ForwardingContext;
import io.fastsafetensors.testkit.ForwardingStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/** Backends that are wrong about when something happens. */
final class WrongTiming {
  private WrongTiming() {}

  /** Takes a part of the engine's side away. */
  @FunctionalInterface
  interface Deafness {
    IoMonitor of(IoMonitor monitor);
  }

  static Stream<Wrong<IoBackend>> all() {
    return Stream.of(
        new Wrong<>("IO-101", "reads in submit()", new ReadingInSubmit()),
        new Wrong<>("IO-102", "goes on behind a closed ticket", WrongSessions.making(GoingOn::new)),
        new Wrong<>("IO-106", "asks only once whether to go on", deaf(AskingOnce::new)),
        new Wrong<>("IO-107", "waits for an hour", deaf(WrongTiming::anHour)),
        new Wrong<>("IO-115", "tells of blocks before they are read", new Boasting()),
        new Wrong<>("IO-117", "knows of other sessions", new OneAtATime()),
        new Wrong<>("IO-120", "does not wait for marks", new NotWaiting()),
        new Wrong<>("IO-123", "says that nothing hangs", stopping((ticket, _) -> 0)),
        new Wrong<>("IO-123", "stops when reads end", stopping(WrongTiming::closed)));
  }

  /** What a wrong ticket does when it is stopped. */
  @FunctionalInterface
  interface Stop {
    int stop(IoTicket ticket, Deadline deadline);
  }

  private static IoBackend stopping(Stop stop) {
    return WrongSessions.making((context, options, right) ->
        new ForwardingSession(context, options, right) {
          @Override
          public IoTicket submit(RangePlan plan) throws LoadException {
            IoTicket ticket = super.submit(plan);
            return new ForwardingTicket(ticket) {
              @Override
              public int stop(Deadline deadline) {
                return stop.stop(ticket, deadline);
              }
            };
          }
        });
  }

  private static int closed(IoTicket ticket, Deadline deadline) {
    ticket.close();
    return 0;
  }

  private static IoBackend deaf(Deafness deafness) {
    return WrongReaders.opening(
        options -> ForwardingBackend.with(options, deafness.of(options.monitor())));
  }

  private static IoMonitor anHour(IoMonitor monitor) {
    return new ForwardingMonitor(monitor) {
      @Override
      public Deadline deadline() {
        return Deadline.after(Duration.ofHours(1));
      }

      @Override
      public void checkpoint() throws LoadCancelledException {
        try {
          super.checkpoint(); // a wait that asks meanwhile must not learn of the time here
        } catch (LoadCancelledException e) {
          if (!e.timedOut()) {
            throw e;
          }
        }
      }
    };
  }

  private static final class AskingOnce extends ForwardingMonitor {
    private final AtomicBoolean asked = new AtomicBoolean();

    AskingOnce(IoMonitor monitor) {
      super(monitor);
    }

    @Override
    public void checkpoint() throws LoadCancelledException {
      if (asked.compareAndSet(false, true)) {
        super.checkpoint();
      }
    }
  }

  /** Closes tickets only when they are done, on another thread. */
  private static final class GoingOn extends ForwardingSession {
    private final List<CompletableFuture<Void>> closing = new ArrayList<>();

    GoingOn(DeviceContext context, IoOptions options, IoSession right) {
      super(context, options, right);
    }

    @Override
    public IoTicket submit(RangePlan plan) throws LoadException {
      return new ForwardingTicket(super.submit(plan)) {
        private boolean awaited;
        private boolean closed;

        @Override
        public LoadedRanges await() throws LoadException {
          if (closed) {
            throw new IllegalStateException("closed");
          }
          awaited = true;
          return super.await();
        }

        @Override
        public void close() {
          if (awaited) {
            super.close();
          } else if (!closed) {
            closing.add(CompletableFuture.runAsync(this::finish));
          }
          closed = true;
        }

        private void finish() {
          context.attach();
          try {
            super.await().buffers().forEach(buffer -> buffer.close());
          } catch (LoadException e) {
            // nothing was handed out
          }
          super.close();
        }
      };
    }

    @Override
    public void close() {
      closing.forEach(CompletableFuture::join);
      super.close();
    }
  }

  private static final class OneAtATime extends ForwardingBackend {
    private final AtomicInteger open = new AtomicInteger();

    @Override
    public IoSession open(DeviceContext context, IoOptions options) throws LoadException {
      if (open.incrementAndGet() > 1) {
        open.decrementAndGet();
        throw new LoadException("another session is open");
      }
      return new ForwardingSession(context, options, openIfAlone(context, options)) {
        private boolean closed;

        @Override
        public void close() {
          super.close();
          if (!closed) {
            closed = true;
            open.decrementAndGet();
          }
        }
      };
    }

    private IoSession openIfAlone(DeviceContext context, IoOptions options) throws LoadException {
      try {
        return super.open(context, options);
      } catch (LoadException e) {
        open.decrementAndGet();
        throw e;
      }
    }
  }

  /** Only with the options of the rule's own test, since it tells on the caller's thread. */
  private static final class Boasting extends ForwardingBackend {
    @Override
    public IoSession open(DeviceContext context, IoOptions options) throws LoadException {
      boolean early = options.threads() == 2 && options.blockBytes() == 16_384;
      return early ? boasting(context, options) : super.open(context, options);
    }

    private IoSession boasting(DeviceContext context, IoOptions options) throws LoadException {
      IoMonitor monitor = options.monitor();
      IoOptions silent = with(options, new SilentMonitor(monitor));
      return new ForwardingSession(context, options, super.open(context, silent)) {
        @Override
        public IoTicket submit(RangePlan plan) throws LoadException {
          monitor.blockDone(plan.file(), TransferPath.BUFFERED, 0, plan.fileSize(), 0);
          return super.submit(plan);
        }
      };
    }
  }

  private static final class SilentMonitor extends ForwardingMonitor {
    SilentMonitor(IoMonitor monitor) {
      super(monitor);
    }

    @Override
    public void blockDone(Path file, TransferPath path, long offset, long bytes, long nanos) {
      // told before
    }
  }

  /** Only with the options of the rule's own test, since it spoils all that is staged. */
  private static final class NotWaiting extends ForwardingBackend {
    @Override
    public IoSession open(DeviceContext context, IoOptions options) throws LoadException {
      boolean hasty = options.threads() == 2 && options.blockBytes() == 4096;
      return super.open(hasty ? new HastyContext(context) : context, options);
    }
  }

  private static final class HastyContext extends ForwardingContext {
    HastyContext(DeviceContext context) {
      super(context);
    }

    @Override
    protected DeviceStream stream(DeviceStream right) {
      return new ForwardingStream(this, right) {
        @Override
        public StreamMark record() {
          return StreamMark.done();
        }
      };
    }
  }
}
