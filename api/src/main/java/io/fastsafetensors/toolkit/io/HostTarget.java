// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.io;

import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceContext.LateBuffer;
import io.fastsafetensors.spi.DeviceContext.LateMemory;
import io.fastsafetensors.spi.LoadMemory;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.toolkit.io.RangeLayout.Rules;
import io.fastsafetensors.toolkit.io.RangeLayout.Span;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Private memory that the host sees, its own or unified memory of a device: bytes are read right to
 * their place wherever that is possible.
 *
 * <p>Memory costs more time to allocate than to fill. Where the device has {@linkplain LateMemory
 * late memory}, each thread makes the pages that it is about to fill; elsewhere large files get
 * several buffers, which several threads allocate.
 *
 * @since 0.1
 */
public final class HostTarget implements ReadTarget {
  /**
   * Large enough to make few buffers, small enough to share the work of allocating them. From half
   * of it on, 32 MiB, glibc gets memory from the system and gives it back when it is freed; less
   * than that it keeps, for each thread that allocated it, once such an amount was freed before.
   */
  private static final long PART = 64 << 20;

  private final ReadSession<?> session;
  private final PlannedFile file;
  private final List<BufferPart> parts;
  private final LoadMemory.@Nullable Reservation promise;
  private final @Nullable LateBuffer late;
  private final List<FileRead> reads = new ArrayList<>();

  /** Ranges that share a buffer. */
  private static final class BufferPart {
    final RangeLayout layout;
    volatile @Nullable DeviceBuffer buffer;

    BufferPart(RangeLayout layout, @Nullable DeviceBuffer buffer) {
      this.layout = layout;
      this.buffer = buffer;
    }

    MemorySegment place(Span span) {
      DeviceBuffer memory = buffer;
      if (memory == null) {
        throw new IllegalStateException("a read that was not prepared: " + span);
      }
      return memory.host().orElseThrow().asSlice(span.bufferOffset(), span.bytes());
    }
  }

  private HostTarget(
      ReadSession<?> session,
      PlannedFile file,
      List<BufferPart> parts,
      LoadMemory.@Nullable Reservation promise,
      @Nullable LateBuffer late) {
    this.session = session;
    this.file = file;
    this.parts = parts;
    this.promise = promise;
    this.late = late;
    for (int i = 0; i < parts.size(); i++) {
      RangeLayout layout = parts.get(i).layout;
      reads.addAll(parts.get(i).buffer == null ? List.of(whole(layout, i)) : cut(layout, i));
    }
  }

  private List<FileRead> cut(RangeLayout layout, int part) {
    return FileRead.cut(layout, session.tuning().blockBytes(), part);
  }

  /** A part that has no memory yet. */
  private static FileRead whole(RangeLayout layout, int part) {
    long from = layout.spans().getFirst().fileOffset();
    return FileRead.whole(from, layout.spans().getLast().fileEnd() - from, part);
  }

  /**
   * Allocates the memory for what a plan wants, now or by the threads that read.
   *
   * @param session whose device, budget and blocks are used
   * @param file the file
   * @param plan what to read
   * @param rules where its ranges go
   * @return the target
   * @throws LoadException if there is no memory, or no thread to fill it
   */
  public static HostTarget allocate(
      ReadSession<?> session, PlannedFile file, RangePlan plan, Rules rules) throws LoadException {
    RangeLayout whole = RangeLayout.of(plan, rules);
    return late(session, whole.bytes()).isPresent() || whole.bytes() <= PART / 2
        ? allocate(session, file, whole)
        : allocateInParts(session, file, split(plan, rules, PART));
  }

  /**
   * Allocates the memory for what a layout wants, in one buffer and now.
   *
   * @param session whose device, budget and blocks are used
   * @param file the file
   * @param layout where its ranges go
   * @return the target
   * @throws LoadException if there is no memory, or no thread to fill it
   */
  public static HostTarget allocate(ReadSession<?> session, PlannedFile file, RangeLayout layout)
      throws LoadException {
    if (layout.bytes() > 0) {
      session.ensureThread();
    }
    long alignment = Math.max(ReadTuning.GRAIN, layout.bufferAlignment());
    Optional<LateMemory> lateMemory = late(session, layout.bytes());
    LoadMemory memory = session.options().monitor().memory();
    session.budget().take(layout.bytes());
    try {
      if (lateMemory.isPresent()) {
        LateBuffer late = lateMemory.get().allocate(layout.bytes(), alignment, memory);
        List<BufferPart> part = List.of(new BufferPart(layout, late.buffer()));
        return new HostTarget(session, file, part, null, late);
      }
      DeviceContext context = session.context();
      DeviceBuffer buffer =
          context.device().isCpu()
              ? memory.during(layout.bytes(), () -> context.allocate(layout.bytes(), alignment))
              : context.allocate(layout.bytes(), alignment);
      return new HostTarget(session, file, List.of(new BufferPart(layout, buffer)), null, null);
    } catch (LoadException | RuntimeException | Error e) {
      session.budget().giveBack(layout.bytes());
      throw e;
    }
  }

  private static Optional<LateMemory> late(ReadSession<?> session, long bytes) {
    return session.context().lateMemory().filter(late -> bytes >= late.leastBytes());
  }

  private static HostTarget allocateInParts(
      ReadSession<?> session, PlannedFile file, List<RangeLayout> layouts) throws LoadException {
    session.ensureThread();
    long bytes = layouts.stream().mapToLong(RangeLayout::bytes).reduce(0, Math::addExact);
    List<BufferPart> parts = layouts.stream().map(layout -> new BufferPart(layout, null)).toList();
    session.budget().take(bytes);
    try {
      LoadMemory memory = session.options().monitor().memory();
      boolean ofHost = session.context().device().isCpu();
      LoadMemory.Reservation promise = ofHost ? memory.reserve(bytes) : null;
      return new HostTarget(session, file, parts, promise, null);
    } catch (DeviceMemoryException | RuntimeException | Error e) {
      session.budget().giveBack(bytes);
      throw e;
    }
  }

  /**
   * Splits a plan into parts that each get a buffer.
   *
   * @param plan what to read
   * @param rules where the ranges of a part go
   * @param partBytes about how large a part is, unless a range is larger; none is smaller than half
   *     of it, unless the plan is
   * @return the parts, in the order of the file; together they have all ranges of the plan
   */
  static List<RangeLayout> split(RangePlan plan, Rules rules, long partBytes) {
    List<ByteRange> ranges = plan.ranges();
    List<RangeLayout> parts = new ArrayList<>();
    long least = partBytes / 2;
    long left = plan.bytes();
    long even = left / Math.max(1, Math.min(Math.ceilDiv(left, partBytes), left / least));
    int first = 0;
    long bytes = 0;
    for (int i = 0; i < ranges.size(); i++) {
      boolean full = bytes >= least && bytes + ranges.get(i).size() > even;
      if (full && left - bytes >= least) {
        parts.add(layout(plan, first, i, rules));
        first = i;
        left -= bytes;
        bytes = 0;
      }
      bytes += ranges.get(i).size();
    }
    parts.add(layout(plan, first, ranges.size(), rules));
    return parts;
  }

  private static RangeLayout layout(RangePlan plan, int from, int to, Rules rules) {
    List<ByteRange> ranges = plan.ranges().subList(from, to);
    return RangeLayout.of(RangePlan.of(plan.file(), plan.fileSize(), ranges), rules);
  }

  @Override
  public List<FileRead> reads() {
    return reads;
  }

  /** Makes the pages of a read, or allocates the part that it is. */
  @Override
  public List<FileRead> prepare(FileRead read) throws LoadException {
    BufferPart part = parts.get(read.buffer());
    if (late != null) {
      for (Span span : read.parts()) {
        late.touch(part.place(span));
      }
    } else if (part.buffer == null) {
      part.buffer = allocate(part.layout);
      return cut(part.layout, read.buffer());
    }
    return List.of(read);
  }

  private DeviceBuffer allocate(RangeLayout layout) throws DeviceMemoryException {
    DeviceContext context = session.context();
    long alignment = Math.max(ReadTuning.GRAIN, layout.bufferAlignment());
    return promise == null
        ? context.allocate(layout.bytes(), alignment)
        : promise.<DeviceBuffer, DeviceMemoryException>during(
            () -> context.allocate(layout.bytes(), alignment));
  }

  @Override
  public Brought bring(FileRead read, TransferPath path) throws LoadException {
    long start = System.nanoTime();
    TransferPath taken = read(read, path);
    return Brought.of(read, taken, System.nanoTime() - start);
  }

  private TransferPath read(FileRead read, TransferPath path) throws LoadException {
    BufferPart part = parts.get(read.buffer());
    if (read.parts().size() == 1) {
      MemorySegment place = part.place(read.parts().getFirst());
      if (file.canReadInPlace(path, place.address(), read.offset(), place.byteSize())) {
        return file.read(path, place, read.offset());
      }
    }
    ReadWindow window = ReadWindow.of(read, file.grain(path), file.size());
    try (ScratchMemory.Lease scratch = session.scratch().take()) {
      MemorySegment bytes = scratch.bytes(window.bytes());
      TransferPath taken = file.read(path, bytes, window.offset());
      for (Span span : read.parts()) {
        MemorySegment from = window.part(bytes, span);
        part.place(span).asSlice(0, from.byteSize()).copyFrom(from);
      }
      return taken;
    }
  }

  @Override
  public List<DeviceBuffer> buffers() {
    return parts.stream().map(part -> part.buffer).filter(buffer -> buffer != null).toList();
  }

  @Override
  public List<Region> regions() {
    List<Region> regions = new ArrayList<>();
    for (BufferPart part : parts) {
      DeviceBuffer buffer = part.buffer;
      if (buffer != null) {
        regions.addAll(part.layout.regions(buffer));
      }
    }
    return regions;
  }

  @Override
  public Optional<Region> region(int range) {
    int place = range;
    for (BufferPart part : parts) {
      if (place < part.layout.ranges()) {
        DeviceBuffer buffer = part.buffer;
        return buffer == null ? Optional.empty() : Optional.of(part.layout.region(place, buffer));
      }
      place -= part.layout.ranges();
    }
    throw new IndexOutOfBoundsException(range);
  }

  @Override
  public void release(boolean handedOut) {
    if (late != null) {
      late.end(handedOut);
    }
    end(_ -> handedOut);
  }

  @Override
  public void releaseBut(Predicate<DeviceBuffer> givenOut) {
    if (late != null) {
      late.end(false);
    }
    end(givenOut);
  }

  private void end(Predicate<DeviceBuffer> isKept) {
    if (promise != null) {
      promise.close();
    }
    for (BufferPart part : parts) {
      DeviceBuffer buffer = part.buffer;
      if (buffer == null || !isKept.test(buffer)) {
        session.budget().giveBack(part.layout.bytes());
      }
      if (buffer != null && !isKept.test(buffer)) {
        buffer.close();
      }
    }
  }
}
