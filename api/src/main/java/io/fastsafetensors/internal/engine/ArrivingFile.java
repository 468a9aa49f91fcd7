// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.plan.FilePlan;
import io.fastsafetensors.internal.plan.WantedPart;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.spi.Region;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A file of which tensors are given out before all of it is there. Memory of which a tensor was
 * given out has two holders while a ticket may write to it: this, and the ticket. Thread-safe.
 */
final class ArrivingFile {
  private static final Logger LOG = System.getLogger(ArrivingFile.class.getName());

  private final SharedContext context;
  private final FilePlan plan;

  /** What was given out early, by buffer. */
  private final IdentityHashMap<DeviceBuffer, Memory> memories = new IdentityHashMap<>();

  /** The memory that this is a holder of. */
  private final List<Memory> held = new ArrayList<>();

  /** The memory that the ticket is a holder of. */
  private final List<Memory> ofTicket = new ArrayList<>();

  private BackendSession.@Nullable Early early;
  private boolean released;

  ArrivingFile(SharedContext context, FilePlan plan) {
    this.context = context;
    this.plan = plan;
  }

  /** Returns the ranges that are under way; null while none is. */
  synchronized BackendSession.@Nullable Early early() {
    return early;
  }

  /** Notes that a backend reads the file, and gives out its ranges. */
  synchronized void submitted(BackendSession.Early ranges) {
    early = ranges;
  }

  /** Waits for a tensor; returns where it is, or null if this was released meanwhile. */
  @Nullable Piece await(BackendSession.Early ranges, int range) throws LoadException {
    var _ = context.attached();
    WantedPart part = plan.tensors().get(range);
    Region region = ranges.await(range, part.bytes());
    return given(part, region, ranges);
  }

  /** Has a tensor read before others. */
  void prefer(BackendSession.Early ranges, int range) {
    var _ = context.attached();
    ranges.prefer(range);
  }

  boolean isThere(BackendSession.Early ranges, int range) {
    var _ = context.attached();
    return ranges.isThere(range);
  }

  private synchronized @Nullable Piece given(
      WantedPart part, Region region, BackendSession.Early ranges) {
    Memory memory = memories.get(region.buffer());
    if (memory == null) {
      memory = Memory.of(context, region.buffer(), plan.path());
      memories.put(region.buffer(), memory);
      held.add(memory);
      if (ranges.equals(early)) {
        memory.retain();
        ofTicket.add(memory);
      }
    }
    if (released) {
      letGo();
      return null;
    }
    return new Piece(TensorSpec.of(part), memory, region);
  }

  /** Makes the file of what a backend loaded, some of which may have been given out before. */
  synchronized LoadedFile received(String backend, LoadedRanges ranges) {
    return LoadedFile.of(plan, backend, ranges, this::owned);
  }

  private Memory owned(DeviceBuffer buffer) {
    Memory known = memories.get(buffer);
    if (known == null) {
      Memory memory = Memory.of(context, buffer, plan.path());
      memories.put(buffer, memory);
      return memory;
    }
    if (!held.remove(known)) {
      known.retain(); // released, but the ticket is still a holder
    }
    return known;
  }

  /** Keeps the tensors that are there, of a ticket that is closed before all are. */
  synchronized List<Piece> keepWhatIsThere() {
    List<Piece> there = new ArrayList<>();
    BackendSession.Early ranges = early;
    for (int i = 0; ranges != null && !released && i < plan.tensors().size(); i++) {
      try {
        if (isThere(ranges, i)) {
          Region region = ranges.await(i, plan.tensors().get(i).bytes());
          Piece piece = given(plan.tensors().get(i), region, ranges);
          there.add(piece);
        }
      } catch (LoadException | RuntimeException e) {
        LOG.log(Level.DEBUG, "not kept: " + plan.tensors().get(i).name(), e);
      }
    }
    return there;
  }

  /** Notes that the ticket is closed: nothing writes to its memory any more. */
  synchronized void closed() {
    early = null;
    List<Memory> let = List.copyOf(ofTicket);
    ofTicket.clear();
    Cleanup.each(let, Memory::release);
  }

  /** Returns how much memory is held. */
  synchronized long bytes() {
    return held.stream().mapToLong(memory -> memory.buffer().size()).sum();
  }

  /** Ends all views, and lets go of the memory; what is given out later is let go at once. */
  synchronized void release() {
    released = true;
    letGo();
  }

  private void letGo() {
    held.forEach(Memory::endViews);
    Cleanup.each(
        List.copyOf(held),
        memory -> {
          memory.release();
          held.remove(memory);
        });
  }
}
