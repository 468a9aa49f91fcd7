// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.mpj;

import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.Transport;
import io.fastsafetensors.toolkit.device.RegionPump;
import io.fastsafetensors.toolkit.group.Rendezvous;
import io.fastsafetensors.toolkit.group.RendezvousTransport;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A rank that is a process. Data goes over MPJ Express; control messages over the rendezvous, which
 * needs no size in advance, and tells who is missing.
 */
final class MpjGroup extends RendezvousTransport {
  private final MpjDevice device;
  private final int[] worldRanks;
  private final Transfer transfer;
  private final boolean isWhole;
  private boolean closed;

  private MpjGroup(
      Rendezvous rendezvous, MpjDevice device, int[] worldRanks, int tag, boolean isWhole) {
    super(rendezvous);
    this.device = device;
    this.worldRanks = worldRanks;
    this.transfer = new Transfer(rendezvous, device, worldRanks, tag);
    this.isWhole = isWhole;
  }

  /** Returns the group of all ranks, which owns the device. */
  static MpjGroup whole(Rendezvous rendezvous, MpjDevice device) {
    int[] ranks = IntStream.range(0, rendezvous.size()).toArray();
    return new MpjGroup(rendezvous, device, ranks, 0, true);
  }

  @Override
  public Transport split(int color, int key) throws CollectiveException {
    int tag = device.newTag(rendezvous());
    Rendezvous part = rendezvous().split(color, key);
    byte[] mine = ByteBuffer.allocate(Integer.BYTES).putInt(worldRanks[rank()]).array();
    int[] ranks =
        part.exchange("split", mine, timeout()).stream()
            .mapToInt(message -> ByteBuffer.wrap(message).getInt())
            .toArray();
    return new MpjGroup(part, device, ranks, tag, false);
  }

  /** Sends along a chain: each rank passes on what it gets, so that no rank sends twice. */
  @Override
  public void broadcast(Region data, int root, DeviceStream stream) throws LoadException {
    run(
        "broadcast",
        () -> {
          int next = (rank() + 1) % size();
          boolean isLast = next == root;
          if (rank() != root) {
            int previous = (rank() + size() - 1) % size();
            transfer.receiveAll(
                "broadcast", data, previous, isLast ? Transfer.NOBODY : next, stream);
          } else if (!isLast) {
            transfer.sendAll("broadcast", data, next, stream);
          }
        });
  }

  @Override
  public void scatter(List<Region> parts, Region part, int root, DeviceStream stream)
      throws LoadException {
    run(
        "scatter",
        () -> {
          if (rank() == root) {
            sendParts(parts, stream);
            RegionPump.copy(parts.get(root), part, stream);
          } else {
            transfer.receiveAll("scatter", part, root, Transfer.NOBODY, stream);
          }
        });
  }

  /** Sends to all ranks in turn, chunk by chunk, so that none waits for all of another's part. */
  private void sendParts(List<Region> parts, DeviceStream stream) throws LoadException {
    long most = parts.stream().mapToLong(Transfer::chunks).max().orElse(0);
    for (long chunk = 0; chunk < most; chunk++) {
      for (int peer = 0; peer < size(); peer++) {
        if (peer != rank() && chunk < Transfer.chunks(parts.get(peer))) {
          transfer.send("scatter", parts.get(peer), chunk, peer, stream);
        }
      }
    }
    transfer.finish("scatter");
  }

  @Override
  public void send(Region data, int peer, DeviceStream stream) throws LoadException {
    run("send", () -> transfer.sendAll("send", data, peer, stream));
  }

  @Override
  public void receive(Region data, int peer, DeviceStream stream) throws LoadException {
    run("receive", () -> transfer.receiveAll("receive", data, peer, Transfer.NOBODY, stream));
  }

  private interface Work {
    void run() throws LoadException;
  }

  /** Tells the other ranks when this one can't go on. */
  private void run(String operation, Work work) throws LoadException {
    rendezvous().check(operation);
    try {
      work.run();
    } catch (LoadException | RuntimeException | Error e) {
      CollectiveException verdict = rendezvous().fail(operation, String.valueOf(e.getMessage()), e);
      device.stop(); // The caller may free its memory after this.
      boolean another = verdict.peer() != rank() && !(e instanceof CollectiveException);
      if (another) {
        throw verdict; // A lost rank shows first as a broken connection.
      }
      throw e;
    }
  }

  /** Waits for the others, whose connections would break with this rank's. */
  @Override
  public void close() {
    if (!isWhole || closed) {
      return;
    }
    closed = true;
    try {
      rendezvous().exchange(Rendezvous.CLOSE, new byte[0], timeout());
    } catch (CollectiveException e) {
      System.getLogger(MpjGroup.class.getName())
          .log(System.Logger.Level.DEBUG, "not all ranks close their group", e);
    } finally {
      device.close();
      rendezvous().close();
    }
  }
}
