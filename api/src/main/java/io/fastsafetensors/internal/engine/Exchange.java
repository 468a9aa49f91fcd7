// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.plan.Slice;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.Transport;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * One exchange: the owner of some tensors broadcasts them, or scatters their parts. All ranks make
 * the same one; what differs on the owner is that it has the sources.
 */
final class Exchange {
  private final Transport group;
  private final SharedContext context;
  private final int owner;
  private final List<Request> requests;

  /** The owner's tensors, one for each request; empty on the other ranks. */
  private final List<Piece> sources;

  Exchange(
      Transport group,
      SharedContext context,
      HeldTensors loaded,
      int owner,
      List<Request> requests) {
    this.group = group;
    this.context = context;
    this.owner = owner;
    this.requests = requests;
    this.sources =
        isOwner() ? requests.stream().map(r -> loaded.piece(r.entry())).toList() : List.of();
  }

  private boolean isOwner() {
    return group.rank() == owner;
  }

  private List<TensorSpec> specs(int rank) {
    return requests.stream().map(request -> request.partSpec(group.size(), rank)).toList();
  }

  /** Makes this rank's part of every request, not filled by an exchange: there are no bytes. */
  TensorBatch empty() throws LoadException {
    return TensorBatch.make(context, specs(group.rank()), (_, _) -> {});
  }

  private TensorBatch make(TensorBatch.Filler filler) throws LoadException {
    return TensorBatch.make(context, specs(group.rank()), filler);
  }

  /** Gives all ranks the whole tensors. */
  TensorBatch broadcast() throws LoadException {
    return TensorBatch.using(sources, () -> make(this::broadcast));
  }

  private void broadcast(TensorBatch mine, DeviceStream stream) throws LoadException {
    if (isOwner()) {
      mine.copyAll(sources, stream);
    }
    group.broadcast(mine.region(), owner, stream);
  }

  /** Gives every rank its parts. */
  TensorBatch scatter() throws LoadException {
    return TensorBatch.using(sources, this::scatterSources);
  }

  private TensorBatch scatterSources() throws LoadException {
    if (!isOwner()) {
      return scatter(List.of());
    }
    return requests.size() == 1 && areRows() ? scatter(rows()) : scatterPacked();
  }

  private boolean areRows() {
    return IntStream.range(0, group.size()).allMatch(rank -> slice(0, rank).isRows());
  }

  private Slice slice(int request, int rank) {
    return requests.get(request).slice(group.size(), rank);
  }

  /** Sends each rank its rows, and receives this rank's. */
  private TensorBatch scatter(List<Region> parts) throws LoadException {
    return make((mine, stream) -> group.scatter(parts, mine.region(), owner, stream));
  }

  /** The only request's rows by rank, in the file's memory: they go without a copy of the whole. */
  private List<Region> rows() {
    Region whole = sources.getFirst().region();
    return IntStream.range(0, group.size()).mapToObj(rank -> slice(0, rank).in(whole)).toList();
  }

  /** Several small tensors: each rank's parts are put together first, as that rank wants them. */
  private TensorBatch scatterPacked() throws LoadException {
    try (TensorBatch packed = pack(IntStream.range(0, group.size()).boxed().toList())) {
      return scatter(partsByRank(packed));
    }
  }

  /** Copies some ranks' parts out of this rank's memory, each to a tensor of its own. */
  private TensorBatch pack(List<Integer> ranks) throws LoadException {
    List<TensorSpec> specs = ranks.stream().flatMap(rank -> specs(rank).stream()).toList();
    return TensorBatch.make(context, specs, (packed, stream) -> pack(ranks, packed, stream));
  }

  private void pack(List<Integer> ranks, TensorBatch packed, DeviceStream stream)
      throws LoadException {
    Iterator<Piece> targets = packed.pieces().iterator();
    for (int rank : ranks) {
      for (int i = 0; i < requests.size(); i++) {
        Gather.copy(slice(i, rank), sources.get(i).region(), targets.next().region(), stream);
      }
    }
  }

  /** Side by side, a rank's pieces lie as in a batch of their own: each starts aligned. */
  private List<Region> partsByRank(TensorBatch packed) {
    List<Region> parts = new ArrayList<>();
    for (int rank = 0; rank < group.size(); rank++) {
      Region first = packed.pieces().get(rank * requests.size()).region();
      Region last = packed.pieces().get((rank + 1) * requests.size() - 1).region();
      long end = last.offset() + last.bytes();
      parts.add(Region.of(first.buffer(), first.offset(), end - first.offset()));
    }
    return parts;
  }

  /** Makes the only request's part on the rank that gets it. */
  TensorBatch receive() throws LoadException {
    return isOwner() ? TensorBatch.using(sources, () -> part(group.rank())) : make(this::receive);
  }

  private void receive(TensorBatch mine, DeviceStream stream) throws LoadException {
    if (mine.region().bytes() > 0) {
      group.receive(mine.region(), owner, stream);
    }
  }

  /** Sends the only request's part, if the tensor is this rank's, to the rank that gets it. */
  void send(int receiver) throws LoadException {
    if (isOwner() && slice(0, receiver).bytes() > 0) {
      var _ = TensorBatch.using(sources, () -> sendRows(receiver));
    }
  }

  /** Returns what was sent. */
  private Region sendRows(int receiver) throws LoadException {
    if (requests.getFirst().isWhole()) {
      return send(sources.getFirst().region(), receiver);
    }
    try (TensorBatch part = part(receiver)) {
      return send(part.pieces().getFirst().region(), receiver);
    }
  }

  private Region send(Region region, int receiver) throws LoadException {
    context.run(stream -> group.send(region, receiver, stream));
    return region;
  }

  /** Copies one rank's part of the only request out of this rank's memory. */
  private TensorBatch part(int rank) throws LoadException {
    return pack(List.of(rank));
  }
}
