// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.io;

import io.fastsafetensors.TransferPath;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.IoMonitor;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.toolkit.io.RangeLayout.Span;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Memory that the host can't see: a block of the file is read into a staging buffer, and copied
 * from there to its place on the device.
 *
 * @since 0.1
 */
public final class RingTarget implements ReadTarget {
  private final PlannedFile file;
  private final RangeLayout layout;
  private final MemoryBudget budget;
  private final DeviceBuffer buffer;
  private final StagingRing ring;
  private final IoMonitor monitor;
  private final List<FileRead> reads;
  private final CopiesInFlight copies = new CopiesInFlight();

  private RingTarget(
      PlannedFile file,
      RangeLayout layout,
      MemoryBudget budget,
      DeviceBuffer buffer,
      StagingRing ring,
      IoMonitor monitor,
      List<FileRead> reads) {
    this.file = file;
    this.layout = layout;
    this.budget = budget;
    this.buffer = buffer;
    this.ring = ring;
    this.monitor = monitor;
    this.reads = reads;
  }

  /**
   * Allocates device memory for what a layout wants of a file.
   *
   * @param session whose device, budget, ring and blocks are used
   * @param file the file
   * @param layout where its ranges go
   * @return the target
   * @throws LoadException if there is no memory, or no thread to fill it
   */
  public static RingTarget allocate(ReadSession<?> session, PlannedFile file, RangeLayout layout)
      throws LoadException {
    List<FileRead> reads = FileRead.cut(layout, session.tuning().blockBytes(), 0);
    StagingRing ring = session.ring();
    session.ensureThread();
    DeviceContext context = session.context();
    DeviceBuffer buffer =
        session
            .budget()
            .allocate(layout.bytes(), bytes -> context.allocate(bytes, layout.bufferAlignment()));
    IoMonitor monitor = session.options().monitor();
    return new RingTarget(file, layout, session.budget(), buffer, ring, monitor, reads);
  }

  @Override
  public List<FileRead> reads() {
    return reads;
  }

  @Override
  public Brought bring(FileRead read, TransferPath path) throws LoadException {
    return bring(ring, file, read, path, buffer, monitor.deadline(), copies);
  }

  /**
   * Brings a read to the device by way of a ring.
   *
   * @param ring the ring; its buffers hold a block
   * @param file the file
   * @param read what to read
   * @param path the way to read
   * @param target the device memory that its parts go to
   * @param deadline how long to wait for a staging buffer
   * @param copies hears of the copies
   * @return what was done; copies may be under way
   * @throws LoadException if a byte can't be read or copied
   */
  public static Brought bring(
      StagingRing ring,
      PlannedFile file,
      FileRead read,
      TransferPath path,
      DeviceBuffer target,
      Deadline deadline,
      CopiesInFlight copies)
      throws LoadException {
    long start = System.nanoTime();
    DeviceBuffer staging = ring.take(deadline);
    long taken = System.nanoTime();
    ReadWindow window = ReadWindow.of(read, file.grain(path), file.size());
    MemorySegment bytes = staging.host().orElseThrow().asSlice(0, window.bytes());
    TransferPath way = ring.fill(staging, _ -> file.read(path, bytes, window.offset()));
    long filled = System.nanoTime();
    ring.send(staging, stream -> copyParts(read, window, bytes, target, stream), copies);
    return Brought.of(read, way, filled - taken).waited(taken - start);
  }

  private static void copyParts(
      FileRead read,
      ReadWindow window,
      MemorySegment bytes,
      DeviceBuffer target,
      DeviceStream stream)
      throws LoadException {
    for (Span part : read.parts()) {
      MemorySegment from = window.part(bytes, part);
      stream.copyFromHost(from, Region.of(target, part.bufferOffset(), from.byteSize()));
    }
  }

  @Override
  public void settle(Deadline deadline) throws LoadException {
    copies.settle(deadline);
  }

  @Override
  public boolean isSettled() {
    return copies.isSettled();
  }

  @Override
  public List<DeviceBuffer> buffers() {
    return List.of(buffer);
  }

  @Override
  public List<Region> regions() {
    return layout.regions(buffer);
  }

  @Override
  public void release(boolean handedOut) {
    if (!handedOut) {
      buffer.close();
      budget.giveBack(layout.bytes());
    }
  }
}
