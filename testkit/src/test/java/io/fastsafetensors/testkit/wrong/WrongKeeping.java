// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.wrong;

import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.testkit.ForwardingContext;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;

/** Runtimes whose contexts keep memory in a wrong way. */
final class WrongKeeping {
  private WrongKeeping() {}

  static Stream<Wrong<ForwardingRuntime>> all() {
    return Stream.of(
        new Wrong<>("D-117", "gives out memory in use", WrongContexts.making(Doubling::new)),
        new Wrong<>("D-117", "frees what is in use", WrongContexts.making(Greedy::new)),
        new Wrong<>("D-117", "keeps buffers that stay open", WrongContexts.making(Staying::new)),
        new Wrong<>("D-117", "can't end twice", WrongContexts.making(EndingOnce::new)));
  }

  /** A buffer of memory that others may have. */
  private static DeviceBuffer shared(DeviceBuffer kept) {
    return DeviceBuffer.ofDevice(kept.device(), kept.address(), kept.size(), () -> {});
  }

  private abstract static class Pooling extends ForwardingContext {
    final List<DeviceBuffer> made = new ArrayList<>();
    boolean isKeeping;

    Pooling(DeviceContext right) {
      super(right);
    }

    @Override
    public Keeping keep(long bytes) {
      isKeeping = true;
      return this::end;
    }

    void end() {
      isKeeping = false;
      made.forEach(DeviceBuffer::close);
    }
  }

  /** Has two buffers for all that is asked for. */
  private static final class Doubling extends Pooling {
    Doubling(DeviceContext right) {
      super(right);
    }

    @Override
    public DeviceBuffer allocate(long bytes, long alignment) throws DeviceMemoryException {
      if (!isKeeping) {
        return super.allocate(bytes, alignment);
      }
      for (DeviceBuffer known : made) {
        if (known.size() == bytes) {
          return shared(known);
        }
      }
      made.add(super.allocate(bytes, alignment));
      return shared(made.getLast());
    }
  }

  /** At the end frees all, also what is in use. */
  private static final class Greedy extends Pooling {
    Greedy(DeviceContext right) {
      super(right);
    }

    @Override
    public DeviceBuffer allocate(long bytes, long alignment) throws DeviceMemoryException {
      DeviceBuffer buffer = super.allocate(bytes, alignment);
      if (isKeeping) {
        made.add(buffer);
      }
      return buffer;
    }
  }

  /** Closed buffers are given out again, and can be used by who had them before. */
  private static final class Staying extends Pooling {
    private final Deque<DeviceBuffer> kept = new ArrayDeque<>();

    Staying(DeviceContext right) {
      super(right);
    }

    @Override
    public DeviceBuffer allocate(long bytes, long alignment) throws DeviceMemoryException {
      if (!isKeeping) {
        return super.allocate(bytes, alignment);
      }
      DeviceBuffer buffer = kept.isEmpty() ? super.allocate(bytes, alignment) : kept.remove();
      made.add(buffer);
      return new ForwardingBuffer(buffer) {
        @Override
        public void close() {
          kept.add(buffer);
        }
      };
    }
  }

  private static final class EndingOnce extends ForwardingContext {
    EndingOnce(DeviceContext right) {
      super(right);
    }

    @Override
    public Keeping keep(long bytes) {
      boolean[] ended = new boolean[1];
      return () -> {
        if (ended[0]) {
          throw new IllegalStateException("ended before");
        }
        ended[0] = true;
      };
    }
  }
}
