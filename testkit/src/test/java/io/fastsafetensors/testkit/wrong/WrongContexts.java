// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.wrong;

import io.fastsafetensors.Device;
import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.MemoryInfo;
import io.fastsafetensors.testkit.ForwardingContext;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** Runtimes whose contexts or buffers are wrong. */
final class WrongContexts {
  private WrongContexts() {}

  /** Makes a wrong context of a right one. */
  @FunctionalInterface
  interface Maker {
    ForwardingContext make(DeviceContext right);
  }

  static ForwardingRuntime making(Maker maker) {
    return new ForwardingRuntime() {
      @Override
      ForwardingContext context(DeviceContext right) {
        return maker.make(right);
      }
    };
  }

  static Stream<Wrong<ForwardingRuntime>> all() {
    return Stream.of(
        new Wrong<>("D-101", "opens whatever it is asked for", new Obliging()),
        new Wrong<>("D-102", "knows two threads only", making(TwoThreads::new)),
        new Wrong<>("D-103", "can't be closed twice", making(ClosingOnce::new)),
        new Wrong<>("D-104", "remembers the address of a closed buffer", allocating(Staying::new)),
        new Wrong<>("D-105", "has buffers that can't be closed twice", allocating(Ending::new)),
        new Wrong<>("D-106", "takes a negative size for none", making(Tolerant::new)),
        new Wrong<>("D-107", "runs out of memory in its own way", making(Dramatic::new)),
        new Wrong<>("D-108", "shows the host half a buffer", allocating(Half::new)),
        new Wrong<>("D-109", "aligns staging memory to 64 bytes", making(Misaligned::new)),
        new Wrong<>("D-110", "has more free memory than memory", making(Boasting::new)),
        new Wrong<>("D-111", "forgets a thread", making(ForgettingThread::new)),
        new Wrong<>("D-112", "counts the bytes of a buffer as an int", making(Narrow::new)),
        new Wrong<>("D-113", "says that the host sees what it doesn't", making(Showy::new)));
  }

  private static ForwardingRuntime allocating(UnaryOperator<DeviceBuffer> change) {
    return making(right ->
        new ForwardingContext(right) {
          @Override
          public DeviceBuffer allocate(long bytes, long alignment) throws DeviceMemoryException {
            return change.apply(super.allocate(bytes, alignment));
          }
        });
  }

  private static final class Obliging extends ForwardingRuntime {
    @Override
    public DeviceContext open(Device device) throws LoadException {
      return super.open(new Device(type(), 0));
    }
  }

  private static final class TwoThreads extends ForwardingContext {
    private final Set<Thread> known = ConcurrentHashMap.newKeySet();

    TwoThreads(DeviceContext right) {
      super(right);
    }

    @Override
    public void attach() {
      known.add(Thread.currentThread());
      if (known.size() > 2) {
        throw new IllegalStateException("a third thread");
      }
      super.attach();
    }
  }

  private static final class ClosingOnce extends ForwardingContext {
    private boolean closed;

    ClosingOnce(DeviceContext right) {
      super(right);
    }

    @Override
    public void close() {
      if (closed) {
        throw new IllegalStateException("closed before");
      }
      super.close();
      closed = true;
    }
  }

  private static final class Staying extends ForwardingBuffer {
    private final long address;

    Staying(DeviceBuffer right) {
      super(right);
      this.address = right.address();
    }

    @Override
    public long address() {
      return address;
    }
  }

  private static final class Ending extends ForwardingBuffer {
    private boolean closed;

    Ending(DeviceBuffer right) {
      super(right);
    }

    @Override
    public void close() {
      if (closed) {
        throw new IllegalStateException("closed before");
      }
      super.close();
      closed = true;
    }
  }

  private static final class Tolerant extends ForwardingContext {
    Tolerant(DeviceContext right) {
      super(right);
    }

    @Override
    public DeviceBuffer allocate(long bytes, long alignment) throws DeviceMemoryException {
      return super.allocate(Math.max(0, bytes), alignment);
    }
  }

  private static final class Dramatic extends ForwardingContext {
    Dramatic(DeviceContext right) {
      super(right);
    }

    @Override
    public DeviceBuffer allocate(long bytes, long alignment) {
      try {
        return super.allocate(bytes, alignment);
      } catch (DeviceMemoryException e) {
        throw new IllegalStateException("no memory", e);
      }
    }
  }

  private static final class Half extends ForwardingBuffer {
    private final Arena arena = Arena.ofShared();
    private final MemorySegment half = arena.allocate(Math.max(1, size() / 2));

    Half(DeviceBuffer right) {
      super(right);
    }

    @Override
    public Optional<MemorySegment> host() {
      return super.host().or(() -> Optional.of(half));
    }

    @Override
    public void close() {
      super.close();
      if (arena.scope().isAlive()) {
        arena.close();
      }
    }
  }

  private static final class Misaligned extends ForwardingContext {
    Misaligned(DeviceContext right) {
      super(right);
    }

    @Override
    public DeviceBuffer allocateStaging(long bytes) throws DeviceMemoryException {
      DeviceBuffer larger = super.allocateStaging(Math.addExact(bytes, bytes < 1 ? 0 : 64));
      return DeviceBuffer.ofHost(larger.host().orElseThrow().asSlice(64, bytes), larger::close);
    }
  }

  private static final class Boasting extends ForwardingContext {
    Boasting(DeviceContext right) {
      super(right);
    }

    @Override
    public MemoryInfo memory() throws LoadException {
      MemoryInfo right = super.memory();
      return MemoryInfo.of(right.totalBytes() + 1, right.totalBytes());
    }
  }

  private static final class ForgettingThread extends ForwardingContext {
    ForgettingThread(DeviceContext right) {
      super(right);
      Forgotten.thread();
    }
  }

  private static final class Showy extends ForwardingContext {
    Showy(DeviceContext right) {
      super(right);
    }

    @Override
    public boolean isHostVisible() {
      return true;
    }
  }

  private static final class Narrow extends ForwardingContext {
    Narrow(DeviceContext right) {
      super(right);
    }

    @Override
    public DeviceBuffer allocate(long bytes, long alignment) throws DeviceMemoryException {
      boolean plausible = bytes > Integer.MAX_VALUE && bytes < 1L << 40;
      return super.allocate(plausible ? (int) bytes : bytes, alignment);
    }
  }
}
