// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.mpj;

import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.toolkit.group.Rendezvous;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * Moves regions between ranks in chunks, a few at a time: while one is on the wire, the next is
 * announced, or copied from or to the device. Used by one thread at a time.
 */
final class Transfer {
  /** Says that there is no such rank. */
  static final int NOBODY = -1;

  /** MPJ Express is fastest with messages of about this size, and fails at 1 GiB. */
  static final int CHUNK = 16 << 20;

  private static final int SLOTS = 3;

  private final Rendezvous rendezvous;
  private final MpjDevice device;
  private final int[] worldRanks;
  private final int tag;
  private final ChunkTransfer[] slots =
      Stream.generate(ChunkTransfer::new).limit(SLOTS).toArray(ChunkTransfer[]::new);
  private final ChunkTransfer told = new ChunkTransfer();
  private final ChunkTransfer heard = new ChunkTransfer();
  private int next;

  Transfer(Rendezvous rendezvous, MpjDevice device, int[] worldRanks, int tag) {
    this.rendezvous = rendezvous;
    this.device = device;
    this.worldRanks = worldRanks;
    this.tag = tag;
  }

  /** Sends one chunk of a region; what was sent before goes on meanwhile. */
  void send(String operation, Region source, long chunk, int peer, DeviceStream stream)
      throws LoadException {
    if (chunk == 0) {
      tellSize(operation, source, peer);
    }
    ChunkTransfer slot = slots[next++ % slots.length];
    slot.await(operation, rendezvous);
    slot.use(source, chunk * CHUNK, size(source, chunk));
    slot.fill(stream, rendezvous.timeout());
    sendOn(slot, peer);
  }

  /** MPJ Express would wait for ever for a large message that the receiver has no room for. */
  private void tellSize(String operation, Region region, int peer) throws LoadException {
    if (region.bytes() > PortExchange.EAGER_BYTES) {
      told.await(operation, rendezvous);
      told.useForNote(region.bytes());
      sendOn(told, peer);
    }
  }

  private void sendOn(ChunkTransfer slot, int peer) throws LoadException {
    slot.start(device.send(slot, worldRanks[peer], tag), peer);
  }

  /** Sends all of a region, and waits until it has left. */
  void sendAll(String operation, Region source, int peer, DeviceStream stream)
      throws LoadException {
    for (long chunk = 0; chunk < chunks(source); chunk++) {
      send(operation, source, chunk, peer, stream);
    }
    finish(operation);
  }

  /**
   * Receives all of a region.
   *
   * @param operation what is going on, for exceptions
   * @param target where to
   * @param from the rank that sends
   * @param to the rank to send each chunk on to, or {@link #NOBODY}
   * @param stream the device's queue
   */
  void receiveAll(String operation, Region target, int from, int to, DeviceStream stream)
      throws LoadException {
    long chunks = chunks(target);
    boolean isTold = target.bytes() > PortExchange.EAGER_BYTES;
    if (isTold) {
      heard.useForNote(0);
      receive(heard, from);
    }
    for (long chunk = 0; chunk < Math.min(slots.length, chunks); chunk++) {
      post(target, chunk, from, stream);
    }
    if (isTold) {
      checkSize(operation, heard, target.bytes(), from);
      if (to != NOBODY) {
        tellSize(operation, target, to);
      }
    }
    for (long chunk = 0; chunk < chunks; chunk++) {
      ChunkTransfer slot = slot(chunk);
      checkSize(operation, slot, slot.bytes(), from);
      if (to != NOBODY) {
        sendOn(slot, to);
      }
      slot.drain(stream, rendezvous.timeout());
      slot.await(operation, rendezvous);
      if (chunk + slots.length < chunks) {
        post(target, chunk + slots.length, from, stream);
      }
    }
  }

  private ChunkTransfer slot(long chunk) {
    return slots[(int) (chunk % slots.length)];
  }

  private void post(Region target, long chunk, int from, DeviceStream stream) throws LoadException {
    ChunkTransfer slot = slot(chunk);
    slot.use(target, chunk * CHUNK, size(target, chunk));
    slot.prepare(stream, rendezvous.timeout());
    receive(slot, from);
  }

  private void receive(ChunkTransfer slot, int from) throws LoadException {
    slot.start(device.receive(slot.toReceive(), worldRanks[from], tag), from);
  }

  /** Waits for a message, which must belong to what this rank expects. */
  private void checkSize(String operation, ChunkTransfer slot, long expected, int from)
      throws LoadException {
    MpjRequest received = Objects.requireNonNull(slot.await(operation, rendezvous));
    long size = slot.regionBytes(received);
    if (size != expected) {
      throw new CollectiveException(
          rendezvous.rank(),
          operation,
          from,
          "it sends %s bytes where this rank expects %s".formatted(size, expected),
          null);
    }
  }

  static long chunks(Region region) {
    return Math.ceilDiv(region.bytes(), CHUNK);
  }

  private static int size(Region region, long chunk) {
    return (int) Math.min(CHUNK, region.bytes() - chunk * CHUNK);
  }

  /** Waits until all that was sent has left. */
  void finish(String operation) throws CollectiveException {
    told.await(operation, rendezvous);
    for (ChunkTransfer slot : slots) {
      slot.await(operation, rendezvous);
    }
  }
}
