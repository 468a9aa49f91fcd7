// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.nccl;

import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.collective.nccl.library.Communicator;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.StreamMark;
import io.fastsafetensors.toolkit.device.RegionPump;
import io.fastsafetensors.toolkit.group.Rendezvous;
import java.util.List;

/**
 * Moves regions between ranks, a piece at a time: each is queued on the data's stream and waited
 * for, because a rank that is lost leaves nothing but an operation that never ends.
 */
final class NcclExchange {
  /** Waits count from one piece to the next, so that only a standstill is late. */
  private static final long PIECE = 256L << 20;

  private final Rendezvous rendezvous;
  private final Worker worker;
  private final Communicator communicator;
  private final Packing packing;

  NcclExchange(Rendezvous rendezvous, Worker worker, Communicator communicator, Packing packing) {
    this.rendezvous = rendezvous;
    this.worker = worker;
    this.communicator = communicator;
    this.packing = packing;
  }

  /** Queues something on a stream's handle. */
  @FunctionalInterface
  private interface Queuing {
    void queue(Region piece, long handle) throws LoadException;
  }

  /** Copies one rank's region to all. */
  void broadcast(Region data, int root, DeviceStream stream) throws CollectiveException {
    int peer = rendezvous.rank() == root ? neighbour() : root;
    eachPiece(
        "broadcast",
        data,
        peer,
        PIECE,
        stream,
        (piece, handle) -> communicator.broadcast(piece.address(), piece.bytes(), root, handle));
  }

  /** Sends a region. */
  void send(Region data, int peer, DeviceStream stream) throws CollectiveException {
    eachPiece(
        "send",
        data,
        peer,
        PIECE,
        stream,
        (piece, handle) -> communicator.send(piece.address(), piece.bytes(), peer, handle));
  }

  /** Receives a region. */
  void receive(Region data, int peer, DeviceStream stream) throws CollectiveException {
    receive("receive", data, peer, PIECE, stream);
  }

  /** Receives this rank's part of a scatter. */
  void receivePart(Region part, int root, DeviceStream stream) throws CollectiveException {
    receive("scatter", part, root, packing.chunk(), stream);
  }

  private void receive(String operation, Region data, int peer, long most, DeviceStream stream)
      throws CollectiveException {
    eachPiece(
        operation,
        data,
        peer,
        most,
        stream,
        (piece, handle) -> communicator.receive(piece.address(), piece.bytes(), peer, handle));
  }

  private void eachPiece(
      String operation, Region data, int peer, long most, DeviceStream stream, Queuing call)
      throws CollectiveException {
    for (long from = 0; from < data.bytes(); from += most) {
      Region piece = data.slice(from, Math.min(most, data.bytes() - from));
      step(operation, peer, stream, () -> call.queue(piece, stream.handle()));
    }
  }

  /** Copies this rank's part, and sends all others theirs, a chunk to each at once. */
  void sendParts(List<Region> parts, Region own, DeviceStream stream) throws CollectiveException {
    int rank = rendezvous.rank();
    step("scatter", rank, stream, () -> RegionPump.copy(parts.get(rank), own, stream));
    long most = 0;
    for (int peer = 0; peer < parts.size(); peer++) {
      most = peer == rank ? most : Math.max(most, parts.get(peer).bytes());
    }
    for (long from = 0; from < most; from += packing.chunk()) {
      long begin = from;
      step("scatter", neighbour(), stream, () -> sendChunks(parts, begin, stream));
    }
  }

  private void sendChunks(List<Region> parts, long from, DeviceStream stream) throws LoadException {
    Region[] chunks = new Region[parts.size()];
    for (int peer = 0; peer < chunks.length; peer++) {
      Region part = parts.get(peer);
      long bytes = Math.min(packing.chunk(), part.bytes() - from);
      if (peer != rendezvous.rank() && bytes > 0) {
        chunks[peer] = packing.pack(part, from, bytes, peer, stream);
      }
    }
    communicator.together(() -> {
      for (int peer = 0; peer < chunks.length; peer++) {
        if (chunks[peer] != null) {
          communicator.send(chunks[peer].address(), chunks[peer].bytes(), peer, stream.handle());
        }
      }
    });
  }

  /** NCCL doesn't tell whom it waits for; the rendezvous finds whom that one waits for. */
  private int neighbour() {
    return (rendezvous.rank() + 1) % rendezvous.size();
  }

  private void step(String operation, int peer, DeviceStream stream, Communicator.Calls calls)
      throws CollectiveException {
    worker.call(
        operation,
        peer,
        pause -> {
          stream.context().attach();
          calls.make();
          // Before it has taken effect, nothing is on the stream that a mark could follow.
          communicator.settle(pause);
          StreamMark mark = stream.record();
          while (!mark.isDone()) {
            communicator.check();
            pause.take();
          }
          mark.await(Deadline.after(rendezvous.timeout())); // tells if the device failed
          return mark;
        });
  }
}
