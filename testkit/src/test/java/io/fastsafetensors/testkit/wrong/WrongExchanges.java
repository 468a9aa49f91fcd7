// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.wrong;

import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.Transport;
import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/** Groups that exchange the wrong bytes, or with the wrong ranks. */
final class WrongExchanges {
  private static final int MIB = 1 << 20;

  private WrongExchanges() {}

  static Stream<Wrong<WrongGroupCase.Maker>> all() {
    return Stream.of(
        new Wrong<>("C-101", "has a timeout of its own", Unpunctual::new),
        new Wrong<>("C-103", "forgets what is over a MiB", Cutting::new),
        new Wrong<>("C-104", "takes rows for one piece", OnePiece::new),
        new Wrong<>("C-105", "gathers nothing as something", Padding::new),
        new Wrong<>("C-106", "lets ranks send to themselves", Lonely::new),
        new Wrong<>("C-107", "splits without a look at keys", Keyless::new),
        new Wrong<>("C-112", "is tired after 30 operations", Tired::new),
        new Wrong<>("C-116", "counts bytes as an int", Narrow::new),
        new Wrong<>("D-203", "copies from memory of one thread", Confined::new));
  }

  private static final class Unpunctual extends ForwardingGroup {
    Unpunctual(Transport right) {
      super(right);
    }

    @Override
    public Duration timeout() {
      return super.timeout().plusMillis(1);
    }
  }

  private static final class Cutting extends ForwardingGroup {
    Cutting(Transport right) {
      super(right);
    }

    @Override
    public void broadcast(Region data, int root, DeviceStream stream) throws LoadException {
      super.broadcast(data.slice(0, Math.min(MIB, data.bytes())), root, stream);
    }
  }

  private static final class OnePiece extends ForwardingGroup {
    OnePiece(Transport right) {
      super(right);
    }

    @Override
    public void scatter(List<Region> parts, Region part, int root, DeviceStream stream)
        throws LoadException {
      List<Region> pieces =
          parts.stream()
              .map(p ->
                  Region.of(
                      p.buffer(), Math.min(p.offset(), p.buffer().size() - p.bytes()), p.bytes()))
              .toList();
      super.scatter(pieces, part, root, stream);
    }
  }

  private static final class Padding extends ForwardingGroup {
    Padding(Transport right) {
      super(right);
    }

    @Override
    public List<byte[]> allGather(byte[] message) throws CollectiveException {
      return super.allGather(message).stream()
          .map(bytes -> bytes.length == 0 ? new byte[1] : bytes)
          .toList();
    }
  }

  private static final class Lonely extends ForwardingGroup {
    Lonely(Transport right) {
      super(right);
    }

    @Override
    public void send(Region data, int peer, DeviceStream stream) throws LoadException {
      if (peer != rank()) {
        super.send(data, peer, stream);
      }
    }
  }

  private static final class Keyless extends ForwardingGroup {
    Keyless(Transport right) {
      super(right);
    }

    @Override
    public Transport split(int color, int key) throws CollectiveException {
      return super.split(color, 0);
    }
  }

  private static final class Tired extends ForwardingGroup {
    private int operations;

    Tired(Transport right) {
      super(right);
    }

    private void work() throws CollectiveException {
      if (++operations > 30) {
        throw new CollectiveException(rank(), "work", -1, "no more operations", null);
      }
    }

    @Override
    public void barrier() throws CollectiveException {
      work();
      super.barrier();
    }

    @Override
    public List<byte[]> allGather(byte[] message) throws CollectiveException {
      work();
      return super.allGather(message);
    }

    @Override
    public void broadcast(Region data, int root, DeviceStream stream) throws LoadException {
      work();
      super.broadcast(data, root, stream);
    }

    @Override
    public void scatter(List<Region> parts, Region part, int root, DeviceStream stream)
        throws LoadException {
      work();
      super.scatter(parts, part, root, stream);
    }
  }

  private static final class Narrow extends ForwardingGroup {
    Narrow(Transport right) {
      super(right);
    }

    @Override
    public void broadcast(Region data, int root, DeviceStream stream) throws LoadException {
      if (data.bytes() != (int) data.bytes()) {
        throw new ArithmeticException("more than an int");
      }
      super.broadcast(data, root, stream);
    }
  }

  private static final class Confined extends ForwardingGroup {
    Confined(Transport right) {
      super(right);
    }

    @Override
    public void broadcast(Region data, int root, DeviceStream stream) throws LoadException {
      try (Arena arena = Arena.ofConfined();
          DeviceBuffer buffer = stream.context().allocate(8, 8)) {
        stream.copyFromHost(arena.allocate(8), Region.of(buffer));
      }
      super.broadcast(data, root, stream);
    }
  }
}
