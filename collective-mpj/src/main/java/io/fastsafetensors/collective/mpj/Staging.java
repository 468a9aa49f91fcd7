// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.mpj;

import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.LoadException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.RegionPump;
import io.fastsafetensors.spi.Rendezvous;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Host memory for one chunk on its way between a device and MPJ Express. */
final class Staging {
  /** MPJ Express is fastest with messages of about this size, and fails at 1 GiB. */
  static final int CHUNK = 16 << 20;

  /** The payload starts on a page, where devices copy fastest; the message begins before it. */
  private static final int PAYLOAD = 4096;

  private static final int MESSAGE = PAYLOAD - MpjLibrary.HEADER;

  // Freed by the collector: after a failure MPJ Express' threads may hold it for a moment.
  private final MemorySegment memory = Arena.ofAuto().allocate(PAYLOAD + CHUNK, PAYLOAD);

  private @Nullable MpjRequest request;
  private int peer;

  /** Notes what is under way with this memory. */
  void use(MpjRequest underWay, int with) {
    request = underWay;
    peer = with;
  }

  /** Waits until what is under way is complete, and returns it; null if nothing was. */
  @Nullable MpjRequest await(String operation, Rendezvous rendezvous) throws CollectiveException {
    MpjRequest underWay = request;
    if (underWay != null) {
      rendezvous.await(operation, peer, underWay::isDone);
      request = null;
    }
    return underWay;
  }

  /** Returns the message with room before it, for MPJ Express to send. */
  ByteBuffer toSend() {
    memory.asSlice(MESSAGE, MpjLibrary.HEADER).fill((byte) 0);
    return memory.asSlice(MESSAGE - MpjLibrary.OVERHEAD).asByteBuffer();
  }

  /** Returns the room for a message, for MPJ Express to receive. */
  ByteBuffer toReceive() {
    return memory.asSlice(MESSAGE).asByteBuffer();
  }

  /** Copies a part of a region into the payload. */
  void fill(Region source, long from, int bytes, DeviceStream stream, Duration timeout)
      throws LoadException {
    RegionPump.toHost(source, from, memory.asSlice(PAYLOAD, bytes), stream);
    stream.record().await(Deadline.after(timeout));
  }

  /** Copies the payload to a part of a region. */
  void drain(Region target, long from, int bytes, DeviceStream stream, Duration timeout)
      throws LoadException {
    RegionPump.fromHost(memory.asSlice(PAYLOAD, bytes), target, from, stream);
    stream.record().await(Deadline.after(timeout));
  }
}
