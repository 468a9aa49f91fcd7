// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.LoadEvent.Kind;
import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.plan.ExchangePlan;
import io.fastsafetensors.internal.plan.ExchangePlan.Move;
import io.fastsafetensors.internal.plan.FilePlan;
import io.fastsafetensors.internal.plan.GatherPlan;
import io.fastsafetensors.internal.plan.Slice;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.Transport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Gives every rank its parts of chunks that one rank reads each. In each round every rank has one
 * chunk, which it gives to all; it reads further ones meanwhile. All ranks do the same in the same
 * order. Whether a round's chunks were read the ranks tell each other before they exchange them.
 */
final class PartExchange implements AutoCloseable {
  /** How much this rank reads ahead of what it exchanges, in bytes, unless memory is short. */
  static final long WINDOW = 32L << 20;

  private final Transport group;
  private final FilesInFlight reads;
  private final SharedContext context;
  private final RowGathering.Steps steps;
  private final List<FilePlan> own;
  private final long ahead;
  private final Ending ending;
  private final Scratch packed;
  private final Scratch arrived;
  private final Map<String, Region> targets = new HashMap<>();
  private final IdentityHashMap<GatherPlan, TensorBatch> open = new IdentityHashMap<>();
  private int submitted;
  private long receivedBytes;

  /**
   * Reads ahead for exchanges that follow each other.
   *
   * @param plans the exchanges, in order
   * @param ahead how much this rank reads ahead, in bytes
   */
  PartExchange(
      FilesInFlight reads,
      SharedContext context,
      RowGathering.Steps steps,
      List<ExchangePlan> plans,
      long ahead,
      Ending ending) {
    this.group = ending.group;
    this.ending = ending;
    this.reads = reads;
    this.context = context;
    this.steps = steps;
    this.own = plans.stream().flatMap(plan -> plan.chunks(group.rank()).stream()).toList();
    this.ahead = ahead;
    this.packed = new Scratch(context);
    this.arrived = new Scratch(context);
  }

  /**
   * Exchanges all chunks of the next plan.
   *
   * @param plan the plan
   * @param mine what this rank gets, by file
   * @return how many bytes came from other ranks, of this plan and those before
   */
  long run(ExchangePlan plan, List<GatherPlan> mine) throws LoadException {
    for (int round = 0; round < plan.rounds(); round++) {
      FilesInFlight.@Nullable Received chunk = agree(plan, round, mine);
      long start = System.nanoTime();
      long before = receivedBytes;
      try {
        exchange(plan, round, chunk);
        ending.events.done(Kind.EXCHANGE, null, receivedBytes - before, System.nanoTime() - start);
      } finally {
        if (chunk != null) {
          chunk.file().release();
        }
      }
    }
    if (plan.rounds() == 0) {
      allocate(mine);
    }
    for (GatherPlan file : mine) {
      TensorBatch batch = open.remove(file);
      if (batch != null) {
        steps.gathered(file, LoadedFile.of(file.file().index(), batch));
      }
    }
    targets.clear();
    return receivedBytes;
  }

  /** Makes sure that all ranks have their chunks of a round; returns this rank's, if it has one. */
  private FilesInFlight.@Nullable Received agree(
      ExchangePlan plan, int round, List<GatherPlan> mine) throws LoadException {
    FilesInFlight.Received chunk = null;
    try {
      if (round == 0) {
        allocate(mine);
      }
      chunk = receive(round < plan.chunks(group.rank()).size());
      ending.checkNotTold();
      ending.agree();
      return chunk;
    } catch (Throwable e) {
      FilesInFlight.Received left = chunk;
      if (left != null) {
        Cleanup.after(e, left.file()::release);
      }
      ending.tell(e);
      throw e;
    }
  }

  /**
   * Tells the other ranks once of a failure: by the thread that reads, or by the caller if that
   * thread hangs and is left behind.
   *
   * @param group the ranks
   * @param timeout how long to wait for the others
   * @param told whether all ranks know
   * @param held hears that this rank waits for the others
   * @param events hear how long it waited
   */
  record Ending(
      Transport group, Duration timeout, AtomicBoolean told, HeldFiles held, LoadEvents events) {
    private void checkNotTold() throws LoadCancelledException {
      if (told.get()) {
        throw new LoadCancelledException("the load was over before a chunk was read", false);
      }
    }

    /** Hears that all ranks are as far, or that one failed, which all know then. */
    void agree() throws LoadException {
      held.waitsForRanks();
      long start = System.nanoTime();
      try {
        var _ = Agreement.tell(group, "exchange", timeout, new byte[0]);
        held.works();
        events.done(Kind.RANKS_AWAITED, null, 0, System.nanoTime() - start);
      } catch (Throwable e) {
        told.set(true);
        throw e;
      }
    }

    void tell(Throwable failure) {
      if (told.compareAndSet(false, true)) {
        Agreement.tellFailure(group, "exchange", timeout, failure);
      }
    }
  }

  private void allocate(List<GatherPlan> mine) throws LoadException {
    for (GatherPlan file : mine) {
      if (!file.tensors().isEmpty()) {
        TensorBatch batch = steps.allocate(file.tensors().stream().map(TensorSpec::of).toList());
        open.put(file, batch);
        batch.pieces().forEach(piece -> targets.put(piece.spec().name(), piece.region()));
      }
    }
  }

  /** Reads ahead; returns this rank's next chunk if a round has one of it, else null. */
  private FilesInFlight.@Nullable Received receive(boolean hasOwn) throws LoadException {
    while (submitted < own.size() && reads.hasRoom(own.get(submitted), ahead)) {
      steps.submit(reads, own.get(submitted++));
    }
    if (!hasOwn) {
      return null;
    }
    FilesInFlight.Received chunk = reads.receive();
    try {
      steps.received(chunk);
      LostPages.findIn(chunk);
      return chunk;
    } catch (Throwable e) {
      Cleanup.after(e, chunk.file()::release);
      throw e;
    }
  }

  private void exchange(ExchangePlan plan, int round, FilesInFlight.@Nullable Received own)
      throws LoadException {
    for (int reader = 0; reader < group.size(); reader++) {
      if (round < plan.chunks(reader).size()) {
        FilePlan chunk = plan.chunks(reader).get(round);
        if (reader == group.rank()) {
          FilesInFlight.Received mine = Objects.requireNonNull(own);
          var _ = mine.file().using(() -> give(plan, chunk, mine.ranges().regions()));
        } else {
          take(plan, chunk, reader);
        }
      }
    }
  }

  /** Gives every rank its moves of a chunk of this rank. */
  private FilePlan give(ExchangePlan plan, FilePlan chunk, List<Region> runs) throws LoadException {
    List<List<Move>> moves = moves(plan, chunk);
    if (moves.stream().allMatch(List::isEmpty)) {
      return chunk;
    }
    List<Move> own = moves.get(group.rank());
    boolean toAll = areEqual(moves);
    List<List<Move>> receivers = toAll ? List.of(own) : moves;
    Region room =
        packed.region(receivers.stream().mapToLong(each -> packedBytes(each, toAll)).sum());
    context.run(stream -> {
      List<Region> parts = new ArrayList<>();
      long used = 0;
      for (List<Move> receiver : receivers) {
        long bytes = packedBytes(receiver, toAll);
        parts.add(pack(chunk, receiver, runs, room.slice(used, bytes), stream));
        used += bytes;
      }
      if (toAll) {
        group.broadcast(parts.getFirst(), group.rank(), stream);
        unpack(own, parts.getFirst(), stream);
      } else {
        Region mine = place(own);
        group.scatter(parts, mine, group.rank(), stream);
        unpack(own, mine, stream);
      }
    });
    return chunk;
  }

  private void take(ExchangePlan plan, FilePlan chunk, int reader) throws LoadException {
    List<List<Move>> moves = moves(plan, chunk);
    if (moves.stream().allMatch(List::isEmpty)) {
      return;
    }
    List<Move> own = moves.get(group.rank());
    Region mine = place(own);
    context.run(stream -> {
      if (areEqual(moves)) {
        group.broadcast(mine, reader, stream);
      } else {
        group.scatter(List.of(), mine, reader, stream);
      }
      unpack(own, mine, stream);
    });
    receivedBytes += mine.bytes();
  }

  private List<List<Move>> moves(ExchangePlan plan, FilePlan chunk) {
    List<List<Move>> moves = new ArrayList<>();
    for (int rank = 0; rank < group.size(); rank++) {
      moves.add(plan.moves(chunk, rank));
    }
    return moves;
  }

  /** Tells whether all ranks get the same bytes. */
  private static boolean areEqual(List<List<Move>> moves) {
    return moves.stream().allMatch(each -> Move.haveSameSource(each, moves.getFirst()));
  }

  /**
   * Returns how many bytes have to be copied side by side before they are sent: a scatter sends
   * rows as they are, a broadcast adjacent bytes.
   */
  private static long packedBytes(List<Move> moves, boolean toAll) {
    boolean asTheyAre =
        moves.size() == 1 && (!toAll || moves.getFirst().partRows().rows().rows() == 1);
    return asTheyAre ? 0 : bytes(moves);
  }

  private static long bytes(List<Move> moves) {
    return moves.stream().mapToLong(move -> move.partRows().rows().bytes()).sum();
  }

  /** Returns the bytes of some moves as they are sent. */
  private static Region pack(
      FilePlan chunk, List<Move> moves, List<Region> runs, Region room, DeviceStream stream)
      throws LoadException {
    if (room.bytes() == 0 && !moves.isEmpty()) {
      return source(chunk, moves.getFirst(), runs);
    }
    long at = 0;
    for (Move move : moves) {
      long bytes = move.partRows().rows().bytes();
      Gather.rows(source(chunk, move, runs), room.slice(at, bytes), stream);
      at += bytes;
    }
    return room;
  }

  private static Region source(FilePlan chunk, Move move, List<Region> runs) {
    long from = chunk.tensors().get(move.run()).slice().begin();
    return Slice.region(move.partRows().rows(), runs.get(move.run()), from);
  }

  /** Returns where moves arrive: their place, or memory from which they are copied to it. */
  private Region place(List<Move> moves) throws LoadException {
    return moves.size() == 1 ? target(moves.getFirst()) : arrived.region(bytes(moves));
  }

  private Region target(Move move) {
    Region tensor = Objects.requireNonNull(targets.get(move.tensor()));
    return tensor.slice(move.partRows().to(), move.partRows().rows().bytes());
  }

  /** Copies what arrived to its place, unless it is there. */
  private void unpack(List<Move> moves, Region from, DeviceStream stream) throws LoadException {
    if (moves.size() == 1 && target(moves.getFirst()).equals(from)) {
      return;
    }
    long at = 0;
    for (Move move : moves) {
      long bytes = move.partRows().rows().bytes();
      Region source = from.isContiguous() ? from.slice(at, bytes) : from;
      Gather.rows(source, target(move), stream);
      at += bytes;
    }
  }

  @Override
  public void close() {
    Cleanup.all(
        () -> Cleanup.each(open.values(), TensorBatch::close), packed::close, arrived::close);
  }
}
