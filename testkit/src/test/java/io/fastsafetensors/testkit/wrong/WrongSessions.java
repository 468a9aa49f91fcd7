// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.wrong;

import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.TransferException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.IoBackend;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.IoSession;
import io.fastsafetensors.spi.IoTicket;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.spi.Region;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.channels.Channel;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;

/** Backends whose sessions are wrong about ownership, threads or failure. */
final class WrongSessions {
  private WrongSessions() {}

  /** Makes a wrong session of a right one. */
  @FunctionalInterface
  interface Maker {
    IoSession make(DeviceContext context, IoOptions options, IoSession right);
  }

  static Stream<Wrong<IoBackend>> all() {
    return Stream.of(
        new Wrong<>("IO-110", "frees what it handed out", making(Possessive::new)),
        new Wrong<>("IO-111", "hands out ranges again", making(Repeating::new)),
        new Wrong<>("IO-112", "keeps files open", making(KeepingOpen::new)),
        new Wrong<>("IO-112", "leaves files to the garbage collector", making(Careless::new)),
        new Wrong<>("IO-112", "forgets a buffer after half a file", making(Forgetful::new)),
        new Wrong<>("IO-112", "forgets a thread", making(ForgettingThread::new)),
        new Wrong<>("IO-114", "gives up after a failure", making(Offended::new)),
        new Wrong<>("IO-116", "throws something else when memory is out", making(Dramatic::new)),
        new Wrong<>("IO-124", "goes on without memory", making(Bold::new)),
        new Wrong<>("IO-124", "keeps what it was promised", making(Hoarding::new)),
        new Wrong<>("D-203", "copies from memory of one thread", making(Confined::new)),
        new Wrong<>("IO-119", "has a thread that does not attach", making(NotAttaching::new)));
  }

  static IoBackend making(Maker maker) {
    return new ForwardingBackend() {
      @Override
      public IoSession open(DeviceContext context, IoOptions options) throws LoadException {
        return maker.make(context, options, super.open(context, options));
      }
    };
  }

  private static final class Bold extends ForwardingSession {
    Bold(DeviceContext context, IoOptions options, IoSession right) {
      super(context, options, right);
    }

    @Override
    public IoTicket submit(RangePlan plan) throws LoadException {
      try {
        options.monitor().memory().reserve(plan.bytes()).close();
      } catch (DeviceMemoryException e) {
        // somebody else will notice
      }
      return super.submit(plan);
    }
  }

  private static final class Hoarding extends ForwardingSession {
    Hoarding(DeviceContext context, IoOptions options, IoSession right) {
      super(context, options, right);
    }

    @Override
    public IoTicket submit(RangePlan plan) throws LoadException {
      var _ = options.monitor().memory().reserve(plan.bytes());
      return super.submit(plan);
    }
  }

  private static final class Possessive extends ForwardingSession {
    private final List<DeviceBuffer> handedOut = new ArrayList<>();

    Possessive(DeviceContext context, IoOptions options, IoSession right) {
      super(context, options, right);
    }

    @Override
    LoadedRanges handOut(RangePlan plan, LoadedRanges loaded) {
      handedOut.addAll(loaded.buffers());
      return loaded;
    }

    @Override
    public void close() {
      super.close();
      context.attach();
      handedOut.forEach(DeviceBuffer::close);
    }
  }

  private static final class Repeating extends ForwardingSession {
    Repeating(DeviceContext context, IoOptions options, IoSession right) {
      super(context, options, right);
    }

    @Override
    public IoTicket submit(RangePlan plan) throws LoadException {
      return new ForwardingTicket(super.submit(plan)) {
        private LoadedRanges known;

        @Override
        public LoadedRanges await() throws LoadException {
          if (known == null) {
            known = super.await();
          }
          return known;
        }
      };
    }
  }

  private static final class KeepingOpen extends ForwardingSession {
    private static final List<Channel> FOREVER = new ArrayList<>();

    KeepingOpen(DeviceContext context, IoOptions options, IoSession right) {
      super(context, options, right);
    }

    @Override
    LoadedRanges handOut(RangePlan plan, LoadedRanges loaded) {
      try {
        FOREVER.add(FileChannel.open(plan.file()));
        return loaded;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** Never closes a file; the collector does, a little later. */
  private static final class Careless extends ForwardingSession {
    private static final Executor LATER =
        CompletableFuture.delayedExecutor(100, TimeUnit.MILLISECONDS);
    private static final AtomicBoolean PLANNED = new AtomicBoolean();

    Careless(DeviceContext context, IoOptions options, IoSession right) {
      super(context, options, right);
    }

    @Override
    @SuppressWarnings("resource")
    LoadedRanges handOut(RangePlan plan, LoadedRanges loaded) {
      try {
        FileChannel.open(plan.file());
        return loaded;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void close() {
      super.close();
      if (PLANNED.compareAndSet(false, true)) {
        LATER.execute(Careless::collect);
      }
    }

    private static void collect() {
      PLANNED.set(false);
      System.gc();
    }
  }

  /** Frees its own buffer unless the file turns out to be too short. */
  private static final class Forgetful extends ForwardingSession {
    Forgetful(DeviceContext context, IoOptions options, IoSession right) {
      super(context, options, right);
    }

    @Override
    public IoTicket submit(RangePlan plan) throws LoadException {
      boolean whole = !WrongReaders.isShort(plan);
      return new ForwardingTicket(super.submit(plan)) {
        @Override
        public LoadedRanges await() throws LoadException {
          try {
            return super.await();
          } catch (TransferException e) {
            if (whole && WrongReaders.isShort(plan)) {
              context.allocate(16, 16);
            }
            throw e;
          }
        }
      };
    }
  }

  private static final class ForgettingThread extends ForwardingSession {
    ForgettingThread(DeviceContext context, IoOptions options, IoSession right) {
      super(context, options, right);
      Forgotten.thread();
    }
  }

  private static final class Offended extends ForwardingSession {
    private LoadException first;

    Offended(DeviceContext context, IoOptions options, IoSession right) {
      super(context, options, right);
    }

    @Override
    public IoTicket submit(RangePlan plan) throws LoadException {
      if (first != null) {
        throw first;
      }
      try {
        return super.submit(plan);
      } catch (LoadException e) {
        first = e;
        throw e;
      }
    }
  }

  private static final class Dramatic extends ForwardingSession {
    Dramatic(DeviceContext context, IoOptions options, IoSession right) {
      super(context, options, right);
    }

    @Override
    public IoTicket submit(RangePlan plan) throws LoadException {
      try {
        return super.submit(plan);
      } catch (DeviceMemoryException e) {
        if (options.memoryBudget() < Long.MAX_VALUE) {
          throw e;
        }
        throw new IllegalStateException(e);
      }
    }
  }

  private static final class NotAttaching extends ForwardingSession {
    NotAttaching(DeviceContext context, IoOptions options, IoSession right) {
      super(context, options, right);
    }

    @Override
    LoadedRanges handOut(RangePlan plan, LoadedRanges loaded) {
      Thread stranger = Thread.ofPlatform().start(this::allocate);
      while (stranger.isAlive()) {
        Thread.onSpinWait();
      }
      return loaded;
    }

    private void allocate() {
      try {
        context.allocate(1, 1).close();
      } catch (LoadException | IllegalStateException e) {
        // the simulated device refuses; another might not
      }
    }
  }

  private static final class Confined extends ForwardingSession {
    Confined(DeviceContext context, IoOptions options, IoSession right) {
      super(context, options, right);
    }

    @Override
    LoadedRanges handOut(RangePlan plan, LoadedRanges loaded) {
      try (Arena arena = Arena.ofConfined();
          DeviceBuffer buffer = context.allocate(8, 8);
          DeviceStream stream = context.newStream()) {
        stream.copyFromHost(arena.allocate(8), Region.of(buffer));
      } catch (LoadException | IllegalArgumentException | WrongThreadException e) {
        // the simulated device refuses; another might not
      }
      return loaded;
    }
  }
}
