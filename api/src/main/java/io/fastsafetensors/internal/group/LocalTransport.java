// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.group;

import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.group.Round.Waiter;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.Transport;
import java.time.Duration;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A rank that is a thread. Each receiver copies straight from the sender's memory, on its own
 * thread and stream; nothing is staged, and the sender waits until all have.
 */
final class LocalTransport implements Transport {
  private static final Object PRESENT = new Object();

  private final LocalHub hub;
  private final int rank;
  private Round round;

  LocalTransport(LocalHub hub, int rank) {
    this.hub = hub;
    this.rank = rank;
    this.round = hub.enter();
  }

  @Override
  public int rank() {
    return rank;
  }

  @Override
  public int size() {
    return hub.size();
  }

  @Override
  public Duration timeout() {
    return hub.timeout();
  }

  @Override
  public void barrier() throws CollectiveException {
    meet(new Waiter(rank, "barrier"), PRESENT, timeout());
  }

  @Override
  public List<byte[]> allGather(byte[] message, Duration timeout) throws CollectiveException {
    Round met = meet(new Waiter(rank, "allGather"), message.clone(), timeout);
    return ranks().mapToObj(r -> ((byte[]) met.of(r)).clone()).toList();
  }

  @Override
  public Transport split(int color, int key) throws CollectiveException {
    Round met = meet(new Waiter(rank, "split"), new Split(color, key), timeout());
    List<Split> said = ranks().mapToObj(r -> (Split) met.of(r)).toList();
    List<Integer> members = Split.members(said, color);
    LocalHub subgroup =
        hub.get(() -> met.subgroup(color, () -> new LocalHub(members.size(), timeout())));
    return new LocalTransport(subgroup, members.indexOf(rank));
  }

  private IntStream ranks() {
    return IntStream.range(0, size());
  }

  /** Comes to the next round with something, and waits for what all the others bring. */
  private Round meet(Waiter waiter, Object thing, Duration timeout) throws CollectiveException {
    Round current = enter(waiter, thing);
    hub.await(waiter, timeout, current::isComplete, current::missing);
    return current;
  }

  private Round enter(Waiter waiter, Object thing) throws CollectiveException {
    Round current = round;
    round = hub.get(current::next);
    hub.change(() -> current.bring(waiter, thing));
    Waiter first = hub.get(current::first);
    if (!first.operation().equals(waiter.operation())) {
      hub.fail(Failure.otherCall(rank, waiter.operation(), first.rank(), first.operation()));
      hub.check(waiter);
    }
    return current;
  }

  @Override
  public void broadcast(Region data, int root, DeviceStream stream) throws LoadException {
    run(
        "broadcast",
        waiter -> {
          if (rank == root) {
            Offer offer = new Offer(List.of(data), stream.record(), others());
            enter(waiter, offer);
            serve(waiter, offer, () -> {});
          } else {
            take(waiter, root, offered(waiter, root), data, stream);
          }
        });
  }

  private BitSet others() {
    BitSet others = new BitSet();
    others.set(0, size());
    others.clear(rank);
    return others;
  }

  @Override
  public void scatter(List<Region> parts, Region part, int root, DeviceStream stream)
      throws LoadException {
    run(
        "scatter",
        waiter -> {
          if (rank == root) {
            Offer offer = new Offer(parts, stream.record(), others());
            enter(waiter, offer);
            serve(waiter, offer, () -> take(waiter, root, offer, part, stream));
          } else {
            take(waiter, root, offered(waiter, root), part, stream);
          }
        });
  }

  private Offer offered(Waiter waiter, int root) throws CollectiveException {
    Round current = enter(waiter, PRESENT);
    hub.await(waiter, timeout(), () -> current.has(root), () -> root);
    if (current.of(root) instanceof Offer offer) {
      return offer;
    }
    throw new CollectiveException(
        rank, waiter.operation(), root, "it does not send: ranks disagree about the root", null);
  }

  @Override
  public void send(Region data, int peer, DeviceStream stream) throws LoadException {
    run(
        "send",
        waiter -> {
          BitSet receiver = new BitSet();
          receiver.set(peer);
          Offer offer = new Offer(List.of(data), stream.record(), receiver);
          hub.change(() -> hub.offers(rank, peer).add(offer));
          serve(waiter, offer, () -> {});
        });
  }

  @Override
  public void receive(Region data, int peer, DeviceStream stream) throws LoadException {
    run(
        "receive",
        waiter -> {
          hub.await(waiter, timeout(), () -> !hub.offers(peer, rank).isEmpty(), () -> peer);
          Offer offer = hub.get(() -> hub.offers(peer, rank).remove());
          take(waiter, peer, offer, data, stream);
        });
  }

  /** A call's work. */
  private interface Work {
    void run() throws LoadException;
  }

  /** Does its own part, waits until all have copied, and in any case until nobody copies. */
  private void serve(Waiter waiter, Offer offer, Work own) throws LoadException {
    try {
      own.run();
      hub.await(waiter, timeout(), offer::isTaken, offer::missing);
    } finally {
      hub.drain(offer);
    }
  }

  private void take(Waiter waiter, int owner, Offer offer, Region target, DeviceStream stream)
      throws LoadException {
    Region source = offer.part(rank);
    if (source.bytes() != target.bytes()) {
      throw new CollectiveException(
          rank,
          waiter.operation(),
          owner,
          "%s bytes of rank %s for %s here".formatted(source.bytes(), owner, target.bytes()),
          null);
    }
    offer.ready().await(Deadline.after(timeout()));
    hub.copy(waiter, offer, new LocalCopy(source, target, stream, timeout()));
    hub.change(() -> offer.take(rank));
  }

  /** A call's work, which may wait. */
  private interface Call {
    void run(Waiter waiter) throws LoadException;
  }

  /** Runs a call; if it fails, so do those of the others. */
  private void run(String operation, Call call) throws LoadException {
    try {
      call.run(new Waiter(rank, operation));
    } catch (LoadException | RuntimeException | Error e) {
      hub.fail(new Failure(rank, "failed: " + e.getMessage()));
      throw e;
    }
  }

  @Override
  public void close() {
    hub.leave(rank);
  }
}
