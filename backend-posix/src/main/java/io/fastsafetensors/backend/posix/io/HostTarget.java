// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.TransferPath;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceContext.LateBuffer;
import io.fastsafetensors.spi.DeviceContext.LateMemory;
import io.fastsafetensors.spi.DeviceContext.LatePages;
import io.fastsafetensors.spi.LoadMemory;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.toolkit.io.RangeLayout.Span;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Private memory that the host sees, its own or unified memory of a device: the bytes are read
 * right to their place wherever that is possible.
 */
final class HostTarget implements ReadTarget {
  private final HostLayout layout;
  private final PosixFile file;
  private final DeviceBuffer buffer;
  private final MemorySegment memory;
  private final @Nullable LatePages pages;
  private final List<FileRead> reads;

  private HostTarget(
      HostLayout layout,
      PosixFile file,
      DeviceBuffer buffer,
      @Nullable LatePages pages,
      List<FileRead> reads) {
    this.layout = layout;
    this.file = file;
    this.buffer = buffer;
    this.memory = buffer.host().orElseThrow();
    this.pages = pages;
    this.reads = reads;
  }

  /** Allocates memory for what a layout wants of a file. */
  static HostTarget allocate(
      DeviceContext context, HostLayout layout, PosixFile file, long blockBytes, LoadMemory memory)
      throws LoadException {
    List<FileRead> reads = FileRead.of(layout.spans(), blockBytes);
    long bytes = layout.bytes();
    Optional<LateMemory> late = context.lateMemory();
    if (late.isPresent() && bytes >= late.get().leastBytes()) {
      LateBuffer fresh = late.get().allocate(bytes, PosixTuning.GRAIN, memory);
      return new HostTarget(layout, file, fresh.buffer(), fresh, reads);
    }
    DeviceBuffer buffer =
        context.device().isCpu()
            ? memory.during(bytes, () -> context.allocate(bytes, PosixTuning.GRAIN))
            : context.allocate(bytes, PosixTuning.GRAIN);
    return new HostTarget(layout, file, buffer, null, reads);
  }

  @Override
  public List<FileRead> reads() {
    return reads;
  }

  /** Lets pages come all at once. */
  @Override
  public void prepare(FileRead read) throws LoadException {
    if (pages != null) {
      for (Span part : read.parts()) {
        pages.touch(place(part));
      }
    }
  }

  @Override
  public Brought bring(FileRead read, TransferPath path, FileReader reader, Scratch scratch)
      throws LoadException {
    long start = System.nanoTime();
    TransferPath taken = fill(read, path, reader, scratch);
    return new Brought(taken, System.nanoTime() - start, 0);
  }

  private TransferPath fill(FileRead read, TransferPath path, FileReader reader, Scratch scratch)
      throws LoadException {
    if (read.parts().size() == 1) {
      MemorySegment place = place(read.parts().getFirst());
      if (path != TransferPath.DIRECT
          || file.direct().fits(place.address(), read.offset(), place.byteSize())) {
        return reader.fill(path, place, read.offset());
      }
    }
    Window window = Window.of(read, path, file.direct());
    MemorySegment bytes = scratch.take(window.bytes());
    TransferPath taken = reader.fill(path, bytes, window.offset());
    for (Span part : read.parts()) {
      MemorySegment from = window.part(bytes, part, file.size());
      MemorySegment place = place(part).asSlice(0, from.byteSize());
      place.copyFrom(from);
    }
    return taken;
  }

  private MemorySegment place(Span part) {
    return memory.asSlice(layout.lead() + part.bufferOffset(), part.bytes());
  }

  @Override
  public void end(boolean complete) {
    if (pages != null && complete) {
      pages.end(true);
    }
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
    return buffer.device().isCpu() ? Placement.COPIED : Placement.UNIFIED;
  }
}
