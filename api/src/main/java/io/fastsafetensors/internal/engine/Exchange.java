// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.Transport;
import io.fastsafetensors.toolkit.device.RegionPump;
import java.util.ArrayList;
import java.util.List;

/** One exchange: the owner of some tensors broadcasts them, or scatters their parts. */
final class Exchange {
  private final Transport group;
  private final SharedContext context;
  private final LoadedTensors loaded;
  private final int owner;
  private final List<Request> requests;

  Exchange(
      Transport group,
      SharedContext context,
      LoadedTensors loaded,
      int owner,
      List<Request> requests) {
    this.group = group;
    this.context = context;
    this.loaded = loaded;
    this.owner = owner;
    this.requests = requests;
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

  /** Gives all ranks the whole tensors. */
  TensorBatch broadcast() throws LoadException {
    if (!isOwner()) {
      return make((mine, stream) -> group.broadcast(mine.region(), owner, stream));
    }
    List<Piece> sources = sources();
    return TensorBatch.using(
        sources,
        () ->
            make((mine, stream) -> {
              mine.copyAll(sources, stream);
              group.broadcast(mine.region(), owner, stream);
            }));
  }

  /** Gives every rank its parts. */
  TensorBatch scatter() throws LoadException {
    if (!isOwner()) {
      return scatter(List.of());
    }
    List<Piece> sources = sources();
    return TensorBatch.using(
        sources,
        () -> requests.size() == 1 ? scatter(rows(sources.getFirst())) : scatterPacked(sources));
  }

  private TensorBatch scatter(List<Region> parts) throws LoadException {
    return make((mine, stream) -> group.scatter(parts, mine.region(), owner, stream));
  }

  /** One tensor: its rows go straight from the file's memory, without a copy of the whole. */
  private List<Region> rows(Piece source) {
    List<Region> parts = new ArrayList<>();
    for (int rank = 0; rank < group.size(); rank++) {
      parts.add(requests.getFirst().part(group.size(), rank).in(source.region()));
    }
    return parts;
  }

  /** Several small tensors: each rank's parts are put together first, as that rank wants them. */
  private TensorBatch scatterPacked(List<Piece> sources) throws LoadException {
    List<TensorSpec> specs = new ArrayList<>();
    List<Region> rows = new ArrayList<>();
    for (int rank = 0; rank < group.size(); rank++) {
      specs.addAll(specs(rank));
      for (int i = 0; i < requests.size(); i++) {
        rows.add(requests.get(i).part(group.size(), rank).in(sources.get(i).region()));
      }
    }
    try (TensorBatch packed =
        TensorBatch.make(context, specs, (batch, stream) -> pack(rows, batch, stream))) {
      return scatter(partsByRank(packed));
    }
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
    if (isOwner()) {
      List<Piece> sources = sources();
      return TensorBatch.using(sources, () -> part(sources, group.rank()));
    }
    return make((mine, stream) -> {
      if (mine.region().bytes() > 0) {
        group.receive(mine.region(), owner, stream);
      }
    });
  }

  /** Sends the only request's part, if the tensor is this rank's, to the rank that gets it. */
  void send(int receiver) throws LoadException {
    if (isOwner() && requests.getFirst().part(group.size(), receiver).bytes() > 0) {
      List<Piece> sources = sources();
      TensorBatch.using(
          sources,
          () -> {
            if (requests.getFirst().isWhole()) {
              send(sources.getFirst().region(), receiver);
            } else {
              sendPart(sources, receiver);
            }
            return true;
          });
    }
  }

  private void sendPart(List<Piece> sources, int receiver) throws LoadException {
    try (TensorBatch part = part(sources, receiver)) {
      send(part.pieces().getFirst().region(), receiver);
    }
  }

  private void send(Region region, int receiver) throws LoadException {
    context.run(stream -> group.send(region, receiver, stream));
  }

  /** Copies one rank's part of the only request out of this rank's memory. */
  private TensorBatch part(List<Piece> sources, int rank) throws LoadException {
    Region rows = requests.getFirst().part(group.size(), rank).in(sources.getFirst().region());
    return TensorBatch.make(
        context, specs(rank), (batch, stream) -> pack(List.of(rows), batch, stream));
  }

  private List<Piece> sources() {
    return requests.stream().map(request -> loaded.piece(request.entry())).toList();
  }

  private TensorBatch make(TensorBatch.Filler filler) throws LoadException {
    return TensorBatch.make(context, specs(group.rank()), filler);
  }
}
