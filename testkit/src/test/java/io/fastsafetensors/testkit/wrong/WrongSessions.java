// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.wrong;

import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.LoadException;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.IoBackend;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.IoSession;
import io.fastsafetensors.spi.IoTicket;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.spi.RangePlan;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.Channel;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.List;
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
        new Wrong<>("IO-112", "forgets a thread", making(ForgettingThread::new)),
        new Wrong<>("IO-114", "gives up after a failure", making(Offended::new)),
        new Wrong<>("IO-116", "throws something else when memory is out", making(Careless::new)),
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

  private static final class Careless extends ForwardingSession {
    Careless(DeviceContext context, IoOptions options, IoSession right) {
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
}
