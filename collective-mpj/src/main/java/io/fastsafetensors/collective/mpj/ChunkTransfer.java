// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.mpj;

import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.toolkit.device.RegionPump;
import io.fastsafetensors.toolkit.group.Rendezvous;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One chunk of a region on its way. It goes straight from or to the region's memory where that is
 * the host's; where not, and where it is small or in rows, through memory of the slot's own.
 */
final class ChunkTransfer {
  /** Devices copy fastest from pages; what MPJ Express puts before a small message is before it. */
  private static final int PAYLOAD = 4096;

  /** What a note begins with. */
  private static final long MARK = 0x6673_7453_697a_6531L;

  /** Bytes of a note: the mark, a size, and one more, so that hardly any region is as large. */
  private static final int NOTE = 2 * Long.BYTES + 1;

  // Freed by the collector: its next use may be long after this one.
  private @Nullable MemorySegment staging;

  private @Nullable Region region;
  private long from;
  private int bytes;
  private @Nullable MpjRequest request;
  private int peer;

  /** Says what the slot is for now; nothing may be under way with it. */
  void use(Region whole, long first, int size) {
    region = whole;
    from = first;
    bytes = size;
  }

  /** Says that the slot is for a note, which tells how large a region is before it is sent. */
  void useForNote(long regionBytes) {
    region = null;
    bytes = NOTE;
    staging().set(ValueLayout.JAVA_LONG_UNALIGNED, PAYLOAD, MARK);
    staging().set(ValueLayout.JAVA_LONG_UNALIGNED, PAYLOAD + Long.BYTES, regionBytes);
  }

  /** Returns how large the region is to which what came belongs, as far as that tells. */
  long regionBytes(MpjRequest received) throws LoadException {
    int size = received.size();
    boolean canBeNote = size == NOTE && (region == null || bytes != NOTE) && !isDirect();
    return canBeNote && staging().get(ValueLayout.JAVA_LONG_UNALIGNED, PAYLOAD) == MARK
        ? staging().get(ValueLayout.JAVA_LONG_UNALIGNED, PAYLOAD + Long.BYTES)
        : size;
  }

  /** Notes what is under way. */
  void start(MpjRequest underWay, int with) {
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

  int bytes() {
    return bytes;
  }

  private Region region() {
    return Objects.requireNonNull(region);
  }

  private boolean isDirect() {
    return bytes > PortExchange.EAGER_BYTES
        && region().isContiguous()
        && region().buffer().host().isPresent();
  }

  private MemorySegment memory() {
    return region().buffer().host().orElseThrow().asSlice(region().offset() + from, bytes);
  }

  private MemorySegment staging() {
    int most = bytes > PortExchange.EAGER_BYTES ? Transfer.CHUNK : PortExchange.EAGER_BYTES;
    MemorySegment memory = staging;
    if (memory == null || memory.byteSize() < PAYLOAD + most) {
      memory = Arena.ofAuto().allocate(PAYLOAD + most, PAYLOAD);
      staging = memory;
    }
    return memory;
  }

  /** Returns how many bytes are before the message in {@link #toSend}. */
  int overhead() {
    return isDirect() ? 0 : MpjLibrary.OVERHEAD;
  }

  /** Returns the message for MPJ Express to send, with what it needs before it. */
  ByteBuffer toSend() {
    return isDirect()
        ? memory().asByteBuffer()
        : staging()
            .asSlice(PAYLOAD - MpjLibrary.OVERHEAD, MpjLibrary.OVERHEAD + bytes)
            .asByteBuffer();
  }

  /** Returns the room for a message, for MPJ Express to receive; a larger one may come. */
  ByteBuffer toReceive() {
    return isDirect() ? memory().asByteBuffer() : staging().asSlice(PAYLOAD).asByteBuffer();
  }

  /** Brings the chunk to where it is sent from. */
  void fill(DeviceStream stream, Duration timeout) throws LoadException {
    if (!isDirect()) {
      RegionPump.toHost(region(), from, staging().asSlice(PAYLOAD, bytes), stream);
    }
    stream.record().await(Deadline.after(timeout));
  }

  /** Makes sure that nobody else uses the memory that is received into. */
  void prepare(DeviceStream stream, Duration timeout) throws LoadException {
    if (isDirect()) {
      stream.record().await(Deadline.after(timeout));
    }
  }

  /** Brings the chunk from where it was received to its place. */
  void drain(DeviceStream stream, Duration timeout) throws LoadException {
    if (!isDirect()) {
      RegionPump.fromHost(staging().asSlice(PAYLOAD, bytes), region(), from, stream);
      stream.record().await(Deadline.after(timeout));
    }
  }
}
