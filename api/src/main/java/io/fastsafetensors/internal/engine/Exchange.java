// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.Transport;
import io.fastsafetensors.toolkit.device.RegionPump;
import java.util.ArrayList;
import java.util.List;

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
      LoadedTensors loaded,
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
    return requests.size() == 1 ? scatter(rows(0)) : scatterPacked();
  }

  /** Sends each rank its rows, and receives this rank's. */
  private TensorBatch scatter(List<Region> parts) throws LoadException {
    return make((mine, stream) -> group.scatter(parts, mine.region(), owner, stream));
  }

  /** A tensor's rows by rank, in the file's memory: one goes without a copy of the whole. */
  private List<Region> rows(int request) {
    List<Region> rows = new ArrayList<>();
    for (int rank = 0; rank < group.size(); rank++) {
      rows.add(rows(request, rank));
    }
    return rows;
  }

  private Region rows(int request, int rank) {
    Region whole = sources.get(request).region();
    return requests.get(request).part(group.size(), rank).in(whole);
  }

  /** Several small tensors: each rank's parts are put together first, as that rank wants them. */
  private TensorBatch scatterPacked() throws LoadException {
    List<TensorSpec> specs = new ArrayList<>();
    List<Region> rows = new ArrayList<>();
    for (int rank = 0; rank < group.size(); rank++) {
      specs.addAll(specs(rank));
      for (int i = 0; i < requests.size(); i++) {
        rows.add(rows(i, rank));
      }
    }
    try (TensorBatch packed = pack(specs, rows)) {
      return scatter(partsByRank(packed));
    }
  }

  /** Copies rows out of this rank's memory, each to a tensor of its own. */
  private TensorBatch pack(List<TensorSpec> specs, List<Region> rows) throws LoadException {
    return TensorBatch.make(context, specs, (packed, stream) -> pack(rows, packed, stream));
  }

  private static void pack(List<Region> rows, TensorBatch packed, DeviceStream stream)
      throws LoadException {
    for (int i = 0; i < rows.size(); i++) {
      Region from = rows.get(i);
      if (from.bytes() > 0) {
        RegionPump.copy(from, packed.pieces().get(i).region(), stream);
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
    if (isOwner() && rows(0, receiver).bytes() > 0) {
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
    return pack(specs(rank), List.of(rows(0, rank)));
  }
}
