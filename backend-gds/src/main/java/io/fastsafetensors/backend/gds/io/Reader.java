// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds.io;

import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.backend.gds.io.GdsFileStats.Took;
import io.fastsafetensors.backend.gds.io.Read.Way;
import io.fastsafetensors.backend.gds.io.Slots.Slot;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.StreamMark;
import io.fastsafetensors.toolkit.io.RangeLayout.Span;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One thread's reader, with a stream, scratch memory of the device, pinned memory of the host. Each
 * is made when first needed. Used by its thread only, attached to the device.
 */
final class Reader {
  private static final Logger LOG = System.getLogger(Reader.class.getName());

  private final DeviceContext context;
  private final Registration registration;
  private final Slots scratch;
  private final Slots pinned;
  private @Nullable DeviceStream stream;
  private boolean noScratch;

  Reader(DeviceContext context, Registration registration, GdsTuning tuning) {
    this.context = context;
    this.registration = registration;
    this.scratch = new Slots(() -> context.allocate(tuning.blockBytes(), GdsTuning.PAGE));
    this.pinned = new Slots(() -> context.allocateStaging(tuning.stagingBytes()));
  }

  /** Does a read; its last copy may still be under way afterwards, the ticket knows of it. */
  Took run(GdsTicket ticket, Read read, Deadline deadline) throws LoadException {
    return switch (read.way()) {
      case STRAIGHT -> straight(ticket, read);
      case SCRATCH -> scratch(ticket, read, deadline);
      case STAGED -> staged(ticket, read, deadline);
    };
  }

  private Took straight(GdsTicket ticket, Read read) throws LoadException {
    long address = ticket.buffer().address() + read.parts().getFirst().bufferOffset();
    long start = System.nanoTime();
    boolean registered = registration.begin(address, read.bytes());
    try {
      ticket.file().readTo(address, read.offset(), read.bytes());
    } finally {
      if (registered) {
        registration.end(address);
      }
    }
    return new Took(Way.STRAIGHT, System.nanoTime() - start, 0);
  }

  private Took scratch(GdsTicket ticket, Read read, Deadline deadline) throws LoadException {
    long start = System.nanoTime();
    Slot slot = noScratch ? null : scratchSlot(deadline);
    if (slot == null) {
      return staged(ticket, read, deadline);
    }
    long taken = System.nanoTime();
    ticket.file().readTo(slot.buffer().address(), read.offset(), read.bytes());
    long filled = System.nanoTime();
    Span part = read.parts().getFirst();
    Region from = Region.of(slot.buffer(), part.fileOffset() - read.offset(), part.bytes());
    send(slot, ticket, stream -> stream.copy(from, target(ticket, part)));
    return new Took(Way.SCRATCH, filled - taken, taken - start);
  }

  /** Returns null, from then on, if the device has no memory for it. */
  private @Nullable Slot scratchSlot(Deadline deadline) throws LoadException {
    try {
      Slot slot = scratch.next(deadline);
      if (!slot.isRegistered()
          && registration.begin(slot.buffer().address(), slot.buffer().size())) {
        slot.registered();
      }
      return slot;
    } catch (DeviceMemoryException e) {
      LOG.log(Level.DEBUG, "no scratch memory: staging instead", e);
      noScratch = true;
      return null;
    }
  }

  /** Stages piece by piece: a read that was meant for scratch memory may be larger than a slot. */
  private Took staged(GdsTicket ticket, Read read, Deadline deadline) throws LoadException {
    long waited = 0;
    long start = System.nanoTime();
    for (long done = 0; done < read.bytes(); ) {
      long before = System.nanoTime();
      Slot slot = pinned.next(deadline);
      waited += System.nanoTime() - before;
      long count = Math.min(slot.buffer().size(), read.bytes() - done);
      long from = read.offset() + done;
      MemorySegment bytes = slot.buffer().host().orElseThrow().asSlice(0, count);
      ticket.file().readTo(bytes, from);
      send(slot, ticket, stream -> copyParts(stream, bytes, from, ticket, read));
      done += count;
    }
    return new Took(Way.STAGED, System.nanoTime() - start - waited, waited);
  }

  private static void copyParts(
      DeviceStream stream, MemorySegment bytes, long from, GdsTicket ticket, Read read)
      throws LoadException {
    for (Span part : read.parts()) {
      long begin = Math.max(from, part.fileOffset());
      long end = Math.min(from + bytes.byteSize(), part.fileEnd());
      if (begin < end) {
        long at = part.bufferOffset() + begin - part.fileOffset();
        stream.copyFromHost(
            bytes.asSlice(begin - from, end - begin), Region.of(ticket.buffer(), at, end - begin));
      }
    }
  }

  private static Region target(GdsTicket ticket, Span part) {
    return Region.of(ticket.buffer(), part.bufferOffset(), part.bytes());
  }

  /** Queues copies. */
  @FunctionalInterface
  private interface Copies {
    void queue(DeviceStream stream) throws LoadException;
  }

  private void send(Slot slot, GdsTicket ticket, Copies copies) throws LoadException {
    DeviceStream queue = stream();
    try {
      copies.queue(queue);
    } finally {
      StreamMark mark = mark(queue); // also after a failure: some may be under way
      slot.copying(mark, ticket);
      ticket.copying(this, mark);
    }
  }

  /** Without a mark, only the stream's end tells that nothing is under way any more. */
  private StreamMark mark(DeviceStream queue) throws LoadException {
    try {
      return queue.record();
    } catch (LoadException e) {
      stream = null;
      queue.close();
      throw e;
    }
  }

  private DeviceStream stream() throws LoadException {
    DeviceStream known = stream;
    if (known == null) {
      known = context.newStream();
      stream = known;
    }
    return known;
  }

  /** Frees all; what a device that hangs still uses is left alone. */
  void close(Duration patience) {
    Deadline deadline = Deadline.after(patience);
    slots().forEach(slot -> slot.settle(deadline));
    if (!slots().allMatch(Slot::isIdle)) {
      LOG.log(Level.ERROR, "{0} hangs: its staging memory is lost", context.device());
      return;
    }
    scratch.all().stream()
        .filter(Slot::isRegistered)
        .forEach(slot -> registration.end(slot.buffer().address()));
    slots().forEach(slot -> slot.buffer().close());
    if (stream != null) {
      stream.close();
    }
  }

  private Stream<Slot> slots() {
    return Stream.concat(scratch.all().stream(), pinned.all().stream());
  }
}
