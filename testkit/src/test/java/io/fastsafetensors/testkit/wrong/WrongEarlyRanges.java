// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.wrong;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.IoBackend;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.IoSession;
import io.fastsafetensors.spi.IoTicket;
import io.fastsafetensors.spi.IoTicket.EarlyRanges;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.spi.Region;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** Backends that are wrong about ranges that are given out early. */
final class WrongEarlyRanges {
  private WrongEarlyRanges() {}

  static Stream<Wrong<IoBackend>> all() {
    return Stream.of(
        new Wrong<>("IO-131", "gives out the range before", givingIn(3, Neighbour::new)),
        new Wrong<>("IO-131", "gives out a part of a range", givingIn(3, Cropping::new)),
        new Wrong<>("IO-132", "waits for the whole file", giving(Patient::new)),
        new Wrong<>("IO-132", "does not know what it gave out", giving(Forgetting::new)),
        new Wrong<>("IO-133", "frees what it gave out", giving(Possessive::new)),
        new Wrong<>("IO-134", "waits for bytes only", giving(Stubborn::new)),
        new Wrong<>("IO-135", "knows one order", giving(Orderly::new)));
  }

  /** Makes a wrong ticket of a right one. */
  @FunctionalInterface
  private interface Maker {
    Ticket make(IoTicket right, RangePlan plan);
  }

  private static IoBackend giving(Maker maker) {
    return givingIn(0, maker);
  }

  /** Is right but in loads by so many threads, as the rule's own test has; 0 is always wrong. */
  private static IoBackend givingIn(int threads, Maker maker) {
    return new ForwardingBackend() {
      @Override
      public IoSession open(DeviceContext context, IoOptions options) throws LoadException {
        boolean wrong = threads == 0 || threads == options.threads();
        return new Session(openRight(context, options), wrong ? maker : Ticket::new);
      }
    };
  }

  private record Session(IoSession right, Maker maker) implements IoSession {
    @Override
    public IoTicket submit(RangePlan plan) throws LoadException {
      return maker.make(right.submit(plan), plan);
    }

    @Override
    public void close() {
      right.close();
    }
  }

  /** A ticket that gives out ranges as a right one does. */
  private static class Ticket extends ForwardingTicket implements EarlyRanges {
    final EarlyRanges right;
    final int ranges;

    Ticket(IoTicket ticket, RangePlan plan) {
      super(ticket);
      this.right = ticket.early().orElseThrow();
      this.ranges = plan.ranges().size();
    }

    @Override
    public final Optional<EarlyRanges> early() {
      return Optional.of(this);
    }

    @Override
    public boolean isThere(int range) {
      return right.isThere(range);
    }

    @Override
    public void prefer(int range) {
      right.prefer(range);
    }

    @Override
    public Region await(int range) throws LoadException {
      return right.await(range);
    }
  }

  private static final class Neighbour extends Ticket {
    Neighbour(IoTicket ticket, RangePlan plan) {
      super(ticket, plan);
    }

    @Override
    public Region await(int range) throws LoadException {
      return right.await(range == 9 ? 8 : range);
    }
  }

  private static final class Cropping extends Ticket {
    Cropping(IoTicket ticket, RangePlan plan) {
      super(ticket, plan);
    }

    @Override
    public Region await(int range) throws LoadException {
      Region region = right.await(range);
      return range == 9 ? region.slice(0, region.bytes() - 1) : region;
    }
  }

  private static final class Patient extends Ticket {
    Patient(IoTicket ticket, RangePlan plan) {
      super(ticket, plan);
    }

    @Override
    public Region await(int range) throws LoadException {
      for (int i = 0; i < ranges; i++) {
        right.await(i);
      }
      return right.await(range);
    }
  }

  private static final class Forgetting extends Ticket {
    Forgetting(IoTicket ticket, RangePlan plan) {
      super(ticket, plan);
    }

    @Override
    public boolean isThere(int range) {
      return false;
    }
  }

  private static final class Possessive extends Ticket {
    private final Set<DeviceBuffer> given =
        Collections.synchronizedSet(Collections.newSetFromMap(new IdentityHashMap<>()));

    Possessive(IoTicket ticket, RangePlan plan) {
      super(ticket, plan);
    }

    @Override
    public Region await(int range) throws LoadException {
      Region region = right.await(range);
      given.add(region.buffer());
      return region;
    }

    @Override
    public LoadedRanges await() throws LoadException {
      LoadedRanges loaded = super.await();
      given.clear();
      return loaded;
    }

    @Override
    public void close() {
      super.close();
      given.forEach(DeviceBuffer::close);
    }
  }

  /** Waits as long as the bytes take, whatever else happens. */
  private static final class Stubborn extends Ticket {
    private volatile boolean closed;

    Stubborn(IoTicket ticket, RangePlan plan) {
      super(ticket, plan);
    }

    @Override
    public Region await(int range) throws LoadException {
      while (!isThere(range) && !closed) {
        LockSupport.parkNanos(1_000_000);
        var _ = Thread.interrupted();
      }
      return right.await(range);
    }

    @Override
    public void close() {
      closed = true;
      super.close();
    }
  }

  private static final class Orderly extends Ticket {
    Orderly(IoTicket ticket, RangePlan plan) {
      super(ticket, plan);
    }

    @Override
    public void prefer(int range) {
      // all are dear to it
    }
  }
}
