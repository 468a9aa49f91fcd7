// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.device;

import io.fastsafetensors.Device;
import io.fastsafetensors.spi.DeviceBuffer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Small host memory. It gets a part of a slab when it is first worked on by {@link #show}, and an
 * arena of its own, to which it moves, when its segment or address is first asked for. Only what
 * has that arena costs an arena's close.
 */
final class SlabBuffer implements DeviceBuffer {
  private final Slabs slabs;
  private final long size;
  private final long alignment;
  private Slabs.@Nullable SlabPart part;
  private @Nullable Arena arena;
  private @Nullable MemorySegment own;
  private int users;
  private boolean closed;

  SlabBuffer(Slabs slabs, long size, long alignment) {
    this.slabs = slabs;
    this.size = size;
    this.alignment = alignment;
  }

  @Override
  public Device device() {
    return Device.CPU;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public long address() {
    return segment().address();
  }

  @Override
  public Optional<MemorySegment> host() {
    return Optional.of(segment());
  }

  /** Works on the memory, which neither moves nor ends meanwhile. */
  <X extends Exception> void show(HostMemory.Viewer<X> viewer) throws X {
    MemorySegment memory = begin();
    try {
      viewer.see(memory);
    } finally {
      end();
    }
  }

  private synchronized MemorySegment begin() {
    requireOpen();
    if (own == null && part == null) {
      part = slabs.take(size, alignment);
    }
    users++;
    return part == null ? Objects.requireNonNull(own) : part.memory();
  }

  private synchronized void end() {
    users--;
    notifyAll();
  }

  private synchronized MemorySegment segment() {
    requireOpen();
    MemorySegment known = own;
    if (known == null) {
      awaitUsers();
      requireOpen();
      known = own == null ? move() : own;
    }
    return known;
  }

  /** Those who work on the memory end by themselves, soon: it is small. */
  private void awaitUsers() {
    boolean interrupted = false;
    while (users > 0 && own == null) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @SuppressWarnings("MustBeClosedChecker") // closed with this
  private MemorySegment move() {
    Arena created = Arena.ofShared();
    MemorySegment moved;
    try {
      moved = created.allocate(size, alignment);
    } catch (OutOfMemoryError e) {
      created.close();
      throw e;
    }
    if (part != null) {
      moved.copyFrom(part.memory());
      part.giveBack().run();
      part = null;
    }
    arena = created;
    own = moved;
    return moved;
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("this buffer of " + size + " bytes on cpu is closed");
    }
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    if (users > 0) {
      throw new IllegalStateException("this buffer of " + size + " bytes on cpu is in use");
    }
    if (arena != null) {
      arena.close();
    } else if (part != null) {
      part.giveBack().run();
      part = null;
    }
    closed = true;
  }
}
