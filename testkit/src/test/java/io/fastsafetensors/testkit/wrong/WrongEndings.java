// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.wrong;

import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.Transport;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** Groups that are wrong about time, loss or closing. */
final class WrongEndings {
  private static final Duration TOO_LONG = Wrong.PATIENCE.multipliedBy(2);

  private WrongEndings() {}

  static Stream<Wrong<WrongGroupCase.Maker>> all() {
    return Stream.of(
        new Wrong<>("C-102", "scatters for too long", Patient::new),
        new Wrong<>("C-102", "doesn't know who it is when it fails", Lost::new),
        new Wrong<>("C-108", "throws something else when a rank left", Surprised::new),
        new Wrong<>("C-109", "goes on after a failure", Forgiving::new),
        new Wrong<>("C-110", "goes on after close()", GoingOn::new),
        new Wrong<>("C-111", "knows of other groups", new FewAtATime()),
        new Wrong<>("C-113", "has one timeout for all", OneTimeout::new),
        new Wrong<>("C-114", "hangs when ranks disagree", Stubborn::new),
        new Wrong<>("C-115", "forgets a thread", ForgettingThread::new),
        new Wrong<>("C-117", "hangs when a device fails", Hanging::new));
  }

  private static final class Patient extends ForwardingGroup {
    Patient(Transport right) {
      super(right);
    }

    @Override
    public void scatter(List<Region> parts, Region part, int root, DeviceStream stream)
        throws LoadException {
      try {
        super.scatter(parts, part, root, stream);
      } catch (CollectiveException e) {
        LockSupport.parkNanos(TOO_LONG.toNanos());
        throw e;
      }
    }
  }

  private static final class Lost extends ForwardingGroup {
    Lost(Transport right) {
      super(right);
    }

    @Override
    public void scatter(List<Region> parts, Region part, int root, DeviceStream stream)
        throws LoadException {
      try {
        super.scatter(parts, part, root, stream);
      } catch (CollectiveException e) {
        throw new CollectiveException(size(), e.operation(), root, "lost", e);
      }
    }
  }

  private static final class Surprised extends ForwardingGroup {
    private boolean met;

    Surprised(Transport right) {
      super(right);
    }

    @Override
    public List<byte[]> allGather(byte[] message, Duration timeout) throws CollectiveException {
      List<byte[]> all = super.allGather(message, timeout);
      met = true;
      return all;
    }

    @Override
    public void barrier() throws CollectiveException {
      try {
        super.barrier();
      } catch (CollectiveException e) {
        if (met) {
          throw new IllegalStateException("where are they?", e);
        }
        throw e;
      }
    }
  }

  private static final class Forgiving extends ForwardingGroup {
    private boolean failed;

    Forgiving(Transport right) {
      super(right);
    }

    @Override
    public void barrier() throws CollectiveException {
      if (failed) {
        return;
      }
      try {
        super.barrier();
      } catch (CollectiveException e) {
        failed = true;
        throw e;
      }
    }
  }

  private static final class GoingOn extends ForwardingGroup {
    private boolean closed;

    GoingOn(Transport right) {
      super(right);
    }

    @Override
    public void barrier() throws CollectiveException {
      if (!closed) {
        super.barrier();
      }
    }

    @Override
    public void close() {
      closed = true;
      super.close();
    }
  }

  /** Stands for one port, or one class loader, that groups share. */
  private static final class FewAtATime implements WrongGroupCase.Maker {
    private final AtomicInteger open = new AtomicInteger();

    @Override
    public Transport make(Transport right) throws LoadException {
      if (open.incrementAndGet() > 3) {
        open.decrementAndGet();
        right.close();
        throw new LoadException("others are here");
      }
      LockSupport.parkNanos(Duration.ofMillis(30).toNanos());
      return new ForwardingGroup(right) {
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
  }

  private static final class OneTimeout extends ForwardingGroup {
    OneTimeout(Transport right) {
      super(right);
    }

    @Override
    public List<byte[]> allGather(byte[] message, Duration timeout) throws CollectiveException {
      return super.allGather(message, message.length == 0 ? timeout : timeout());
    }
  }

  private static final class Stubborn extends ForwardingGroup {
    Stubborn(Transport right) {
      super(right);
    }

    @Override
    public void broadcast(Region data, int root, DeviceStream stream) throws LoadException {
      try {
        super.broadcast(data, root, stream);
      } catch (CollectiveException e) {
        if (String.valueOf(e.getMessage()).contains("disagree")) {
          LockSupport.parkNanos(TOO_LONG.plus(TOO_LONG).toNanos());
        }
        throw e;
      }
    }
  }

  private static final class ForgettingThread extends ForwardingGroup {
    ForgettingThread(Transport right) {
      super(right);
      Forgotten.thread();
    }
  }

  private static final class Hanging extends ForwardingGroup {
    Hanging(Transport right) {
      super(right);
    }

    @Override
    public void broadcast(Region data, int root, DeviceStream stream) throws LoadException {
      try {
        super.broadcast(data, root, stream);
      } catch (LoadException e) {
        if (!isOfTheDevice(e)) {
          throw e;
        }
        LockSupport.parkNanos(TOO_LONG.plus(TOO_LONG).toNanos());
      }
    }

    private static boolean isOfTheDevice(Throwable failure) {
      return Stream.iterate(failure, Objects::nonNull, Throwable::getCause)
          .anyMatch(e -> String.valueOf(e.getMessage()).contains("the testkit made"));
    }
  }
}
