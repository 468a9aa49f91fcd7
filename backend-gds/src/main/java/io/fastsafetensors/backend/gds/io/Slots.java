// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds.io;

import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.StreamMark;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A thread's few buffers of one kind, used in turn: one is filled while the copy out of another is
 * under way. Allocated when they are needed.
 */
final class Slots {
  private static final Logger LOG = System.getLogger(Slots.class.getName());
  private static final int MOST = 2;

  private final Maker maker;
  private final List<Slot> slots = new ArrayList<>();
  private int turn;

  /** Makes a buffer. */
  @FunctionalInterface
  interface Maker {
    DeviceBuffer make() throws DeviceMemoryException;
  }

  /** A buffer, and the copy out of it. */
  static final class Slot {
    private final DeviceBuffer buffer;
    private @Nullable StreamMark copy;
    private @Nullable GdsTicket owner;
    private boolean registered;

    Slot(DeviceBuffer buffer) {
      this.buffer = buffer;
    }

    DeviceBuffer buffer() {
      return buffer;
    }

    boolean isRegistered() {
      return registered;
    }

    void registered() {
      registered = true;
    }

    /** Notes that its bytes are being copied, for a file. */
    void copying(StreamMark mark, GdsTicket ticket) {
      copy = mark;
      owner = ticket;
    }

    /** Waits until its copy is done, whether well or not. */
    void settle(Deadline deadline) {
      try {
        if (copy != null) {
          copy.await(deadline);
        }
      } catch (LoadException e) {
        LOG.log(Level.DEBUG, "a copy failed; its file was told", e);
      }
    }

    boolean isIdle() {
      return copy == null || copy.isDone();
    }
  }

  /** Makes none yet. */
  Slots(Maker maker) {
    this.maker = maker;
  }

  /**
   * Returns a buffer that is free.
   *
   * @throws DeviceMemoryException if there is no memory for even one
   * @throws LoadException if the copy out of it did not end in time
   */
  Slot next(Deadline deadline) throws LoadException {
    if (slots.size() < MOST) {
      try {
        slots.add(new Slot(maker.make()));
        return slots.getLast();
      } catch (DeviceMemoryException e) {
        if (slots.isEmpty()) {
          throw e;
        }
      }
    }
    turn = (turn + 1) % slots.size();
    return await(slots.get(turn), deadline);
  }

  private Slot await(Slot slot, Deadline deadline) throws LoadException {
    StreamMark copy = slot.copy;
    GdsTicket owner = slot.owner;
    if (copy != null && owner != null) {
      slot.copy = null;
      slot.owner = null;
      try {
        copy.await(deadline);
      } catch (LoadException e) {
        owner.fail(e);
        if (!copy.isDone()) {
          slot.copying(copy, owner);
          throw e;
        }
      }
    }
    return slot;
  }

  List<Slot> all() {
    return slots;
  }
}
