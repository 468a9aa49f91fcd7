// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.group;

import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.GroupConfig;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.group.Failure;
import io.fastsafetensors.internal.group.Split;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.toolkit.group.Connection.Heartbeats;
import io.fastsafetensors.toolkit.group.Frame.Contribution;
import io.fastsafetensors.toolkit.group.Frame.ExchangeId;
import io.fastsafetensors.toolkit.text.Amounts;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** A group of processes, or a part of one; all parts share the connections of the whole. */
final class RendezvousGroup implements Rendezvous {
  private static final Duration SLICE = Duration.ofMillis(20);

  /** How long an answer of rank 0 may take. */
  private static final Duration GRACE = Duration.ofSeconds(2);

  private final Control control;
  private final GroupState state;
  private final Duration timeout;
  private final String name;
  private final List<Integer> members;
  private final int rank;
  private long exchanges;

  private RendezvousGroup(
      Control control,
      GroupState state,
      Duration timeout,
      String name,
      List<Integer> members,
      int rank) {
    this.control = control;
    this.state = state;
    this.timeout = timeout;
    this.name = name;
    this.members = members;
    this.rank = rank;
  }

  /** Returns the group of all ranks, which owns the connections. */
  static RendezvousGroup whole(Control control, GroupState state, GroupConfig config) {
    List<Integer> all = IntStream.range(0, config.size()).boxed().toList();
    return new RendezvousGroup(control, state, config.timeout(), "", all, config.rank());
  }

  @Override
  public int rank() {
    return rank;
  }

  @Override
  public int size() {
    return members.size();
  }

  @Override
  public Duration timeout() {
    return timeout;
  }

  @Override
  public InetAddress address() {
    return control.address();
  }

  @Override
  public List<byte[]> exchange(String operation, byte[] message, Duration timeout)
      throws CollectiveException {
    check(operation);
    ExchangeId id = new ExchangeId(name, exchanges++);
    control.contribute(
        new Contribution(id, operation, members, timeout.toNanos(), message.clone()));
    try {
      Optional<List<byte[]>> all = state.awaitGathered(id, Deadline.after(timeout.plus(GRACE)));
      if (all.isEmpty()) {
        control.fail(new Failure(0, "does not answer"));
        check(operation);
      }
      return all.orElseThrow();
    } catch (InterruptedException e) {
      throw interrupted(operation, e);
    }
  }

  @Override
  public Rendezvous split(int color, int key) throws CollectiveException {
    String parent = name + "/" + exchanges + ":";
    List<Split> splits =
        exchange("split", new Split(color, key).toBytes(), timeout).stream()
            .map(Split::of)
            .toList();
    List<Integer> ranks = Split.members(splits, color);
    List<Integer> whole = ranks.stream().map(members::get).toList();
    return new RendezvousGroup(control, state, timeout, parent + color, whole, ranks.indexOf(rank));
  }

  @Override
  public void await(String operation, int peer, Wait wait) throws CollectiveException {
    state.setWaitsFor(members.get(peer));
    try {
      Deadline deadline = Deadline.after(timeout);
      while (!wait.within(SLICE)) {
        check(operation);
        if (deadline.hasPassed()) {
          throw late(operation, peer);
        }
      }
    } catch (InterruptedException e) {
      throw interrupted(operation, e);
    } catch (CollectiveException e) {
      throw e;
    } catch (LoadException e) {
      throw fail(operation, String.valueOf(e.getMessage()), e);
    } finally {
      state.setWaitsFor(GroupState.NOBODY);
    }
  }

  private CollectiveException late(String operation, int peer) throws InterruptedException {
    Failure lateness =
        new Failure(
            members.get(peer),
            "is late in " + operation + ": nothing for " + Amounts.duration(timeout));
    control.late(lateness);
    Optional<Failure> verdict = state.awaitFailure(Deadline.after(GRACE));
    if (verdict.isEmpty()) {
      control.fail(lateness);
    }
    return exception(operation, verdict.orElse(lateness), null);
  }

  @Override
  public void check(String operation) throws CollectiveException {
    Optional<Failure> failure = state.failure();
    if (failure.isPresent()) {
      throw exception(operation, failure.get(), null);
    }
  }

  @Override
  public CollectiveException fail(String operation, String detail, @Nullable Throwable cause) {
    Failure own = new Failure(members.get(rank), "failed: " + detail);
    try {
      Optional<Failure> other =
          state.awaitFailure(Deadline.after(Heartbeats.shorter(GRACE, timeout)));
      if (other.isEmpty()) {
        control.fail(own);
      }
      return exception(operation, other.orElse(own), cause);
    } catch (InterruptedException e) {
      return interrupted(operation, e);
    }
  }

  private CollectiveException interrupted(String operation, InterruptedException e) {
    Thread.currentThread().interrupt();
    Failure own = new Failure(members.get(rank), "was interrupted");
    control.fail(own);
    return exception(operation, own, e);
  }

  /** Tells of a failure in this group's ranks. */
  private CollectiveException exception(
      String operation, Failure failure, @Nullable Throwable cause) {
    int peer = members.indexOf(failure.rank());
    String whole = peer < 0 ? "rank " + failure.rank() + " of the whole group: " : "";
    return new CollectiveException(rank, operation, peer, whole + failure.detail(), cause);
  }

  @Override
  public void onFailure(Runnable action) {
    state.onFailure(action);
  }

  /** Closes the connections, if this is the whole group. */
  @Override
  public void close() {
    if (name.isEmpty()) {
      control.leave();
    }
  }
}
