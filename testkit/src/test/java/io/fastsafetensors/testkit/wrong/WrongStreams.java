// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.wrong;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.StreamMark;
import io.fastsafetensors.testkit.ForwardingContext;
import io.fastsafetensors.testkit.ForwardingStream;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** Runtimes whose streams or marks are wrong. */
final class WrongStreams {
  private WrongStreams() {}

  /** Makes a wrong stream of a right one. */
  @FunctionalInterface
  interface Maker {
    ForwardingStream make(DeviceContext context, DeviceStream right);
  }

  static Stream<Wrong<ForwardingRuntime>> all() {
    return Stream.of(
        new Wrong<>("D-201", "lets copies from the host overtake", making(Overtaking::new)),
        new Wrong<>("D-202", "keeps failures to itself", making(Silent::new)),
        new Wrong<>("D-204", "takes rows for one piece", making(OnePiece::new)),
        new Wrong<>("D-205", "does not compare sizes", making(NotComparing::new)),
        new Wrong<>("D-206", "converts what it can't", making(NotConverting::new)),
        new Wrong<>(
            "D-207", "closes behind the caller's back", WrongContexts.making(ClosingLater::new)),
        new Wrong<>("D-208", "waits for an hour", making(Patient::new)),
        new Wrong<>("D-209", "is never done with nothing", making(Restless::new)),
        new Wrong<>("D-210", "forgets its context", WrongContexts.making(Confused::new)),
        new Wrong<>("D-211", "has six streams only", WrongContexts.making(SixStreams::new)));
  }

  private static ForwardingRuntime making(Maker maker) {
    return WrongContexts.making(right ->
        new ForwardingContext(right) {
          @Override
          protected DeviceStream stream(DeviceStream stream) {
            return maker.make(this, stream);
          }
        });
  }

  /** Holds copies on the device back until after the next copy from the host. */
  private static final class Overtaking extends ForwardingStream {
    private final List<Region> waiting = new ArrayList<>();

    Overtaking(DeviceContext context, DeviceStream right) {
      super(context, right);
    }

    @Override
    public void copy(Region source, Region target) throws LoadException {
      if (source.rows() != target.rows() || source.rowBytes() != target.rowBytes()) {
        super.copy(source, target); // refuses
      }
      waiting.add(source);
      waiting.add(target);
    }

    private void flush() throws LoadException {
      for (int i = 0; i < waiting.size(); i += 2) {
        super.copy(waiting.get(i), waiting.get(i + 1));
      }
      waiting.clear();
    }

    @Override
    public void copyFromHost(MemorySegment source, Region target) throws LoadException {
      super.copyFromHost(source, target);
      flush();
    }

    @Override
    public void copyToHost(Region source, MemorySegment target) throws LoadException {
      flush();
      super.copyToHost(source, target);
    }
  }

  private static final class Silent extends ForwardingStream {
    Silent(DeviceContext context, DeviceStream right) {
      super(context, right);
    }

    @Override
    public StreamMark record() throws LoadException {
      return new ForwardingMark(super.record()) {
        @Override
        public void await(Deadline deadline) throws LoadException {
          try {
            super.await(deadline);
          } catch (LoadException e) {
            if (!isDone()) {
              throw e;
            }
          }
        }
      };
    }
  }

  private static final class OnePiece extends ForwardingStream {
    OnePiece(DeviceContext context, DeviceStream right) {
      super(context, right);
    }

    @Override
    public void copyToHost(Region source, MemorySegment target) throws LoadException {
      super.copyToHost(Region.of(source.buffer(), source.offset(), source.bytes()), target);
    }
  }

  private static final class NotComparing extends ForwardingStream {
    NotComparing(DeviceContext context, DeviceStream right) {
      super(context, right);
    }

    @Override
    public void copyFromHost(MemorySegment source, Region target) throws LoadException {
      if (source.byteSize() == target.bytes()) {
        super.copyFromHost(source, target);
      }
    }
  }

  private static final class NotConverting extends ForwardingStream {
    NotConverting(DeviceContext context, DeviceStream right) {
      super(context, right);
    }

    @Override
    public void convert(Region source, DType from, Region target, DType to) throws LoadException {
      if (context().canConvert(from, to)) {
        super.convert(source, from, target, to);
      }
    }
  }

  private static final class Patient extends ForwardingStream {
    Patient(DeviceContext context, DeviceStream right) {
      super(context, right);
    }

    @Override
    public StreamMark record() throws LoadException {
      return new ForwardingMark(super.record()) {
        @Override
        public void await(Deadline deadline) throws LoadException {
          super.await(Deadline.after(Duration.ofHours(1)));
        }
      };
    }
  }

  private static final class Restless extends ForwardingStream {
    private boolean used;

    Restless(DeviceContext context, DeviceStream right) {
      super(context, right);
    }

    @Override
    public void copyFromHost(MemorySegment source, Region target) throws LoadException {
      used = true;
      super.copyFromHost(source, target);
    }

    @Override
    public StreamMark record() throws LoadException {
      return new ForwardingMark(super.record()) {
        @Override
        public void await(Deadline deadline) throws LoadException {
          if (!used) {
            throw new LoadException("nothing to wait for");
          }
          super.await(deadline);
        }
      };
    }
  }

  private static final class Confused extends ForwardingContext {
    Confused(DeviceContext right) {
      super(right);
    }

    @Override
    protected DeviceStream stream(DeviceStream right) {
      return new ForwardingStream(right.context(), right);
    }
  }

  /** Has streams closed a little later by other threads. */
  private static final class ClosingLater extends ForwardingContext {
    private final List<CompletableFuture<Void>> closing = new CopyOnWriteArrayList<>();

    ClosingLater(DeviceContext right) {
      super(right);
    }

    @Override
    protected DeviceStream stream(DeviceStream right) {
      return new ForwardingStream(this, right) {
        @Override
        public void close() {
          closing.add(CompletableFuture.runAsync(this::closeLater));
        }

        private void closeLater() {
          LockSupport.parkNanos(Duration.ofMillis(30).toNanos());
          attach();
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

  private static final class SixStreams extends ForwardingContext {
    private final AtomicInteger open = new AtomicInteger();

    SixStreams(DeviceContext right) {
      super(right);
    }

    @Override
    protected DeviceStream stream(DeviceStream right) throws LoadException {
      if (open.incrementAndGet() > 6) {
        right.close();
        throw new LoadException("no more streams");
      }
      return new ForwardingStream(this, right) {
        @Override
        public void close() {
          super.close();
          open.decrementAndGet();
        }
      };
    }
  }
}
