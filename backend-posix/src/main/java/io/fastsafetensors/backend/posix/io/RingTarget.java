// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.TransferPath;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.toolkit.io.RangeLayout;
import io.fastsafetensors.toolkit.io.RangeLayout.Span;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Memory that the host can't see: bytes go through staging buffers. */
final class RingTarget implements ReadTarget {
  private final PosixFile file;
  private final RangeLayout layout;
  private final DeviceBuffer buffer;
  private final StagingRing ring;
  private final List<FileRead> reads;

  private RingTarget(
      PosixFile file,
      RangeLayout layout,
      DeviceBuffer buffer,
      StagingRing ring,
      List<FileRead> reads) {
    this.file = file;
    this.layout = layout;
    this.buffer = buffer;
    this.ring = ring;
    this.reads = reads;
  }

  /** Allocates device memory for what a layout wants of a file. */
  static RingTarget allocate(
      DeviceContext context, RangeLayout layout, PosixFile file, StagingRing ring, long blockBytes)
      throws LoadException {
    List<FileRead> reads = FileRead.of(layout, blockBytes);
    DeviceBuffer buffer = context.allocate(layout.bytes(), layout.bufferAlignment());
    return new RingTarget(file, layout, buffer, ring, reads);
  }

  @Override
  public List<FileRead> reads() {
    return reads;
  }

  @Override
  public Brought bring(FileRead read, TransferPath path, FileReader reader, Scratch scratch)
      throws LoadException {
    long start = System.nanoTime();
    StagingRing.Slot slot = ring.take(reader.monitor().deadline());
    long taken = System.nanoTime();
    Window window = Window.of(read, path, file.direct());
    MemorySegment bytes = slot.memory().asSlice(0, window.bytes());
    TransferPath way = fill(slot, bytes, window, path, reader);
    long filled = System.nanoTime();
    ring.send(slot, copies(read, window, bytes));
    return new Brought(way, filled - taken, taken - start);
  }

  private TransferPath fill(
      StagingRing.Slot slot,
      MemorySegment bytes,
      Window window,
      TransferPath path,
      FileReader reader)
      throws LoadException {
    boolean filled = false;
    try {
      TransferPath way = reader.fill(path, bytes, window.offset());
      filled = true;
      return way;
    } finally {
      if (!filled) {
        ring.giveBack(slot);
      }
    }
  }

  private List<CopyStream.Copy> copies(FileRead read, Window window, MemorySegment bytes) {
    List<CopyStream.Copy> copies = new ArrayList<>(read.parts().size());
    for (Span part : read.parts()) {
      MemorySegment from = window.part(bytes, part, file.size());
      Region to = Region.of(buffer, part.bufferOffset(), from.byteSize());
      copies.add(new CopyStream.Copy(from, to));
    }
    return copies;
  }

  @Override
  public void settle(Deadline deadline) throws LoadException {
    ring.settle(deadline);
  }

  @Override
  public boolean isSettled() {
    return ring.isIdle();
  }

  @Override
  public DeviceBuffer buffer() {
    return buffer;
  }

  @Override
  public List<Region> regions() {
    return layout.regions(buffer);
  }

  @Override
  public Placement way() {
    return Placement.STAGED;
  }
}
