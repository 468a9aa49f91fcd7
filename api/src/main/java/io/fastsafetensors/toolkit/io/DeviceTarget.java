// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.io;

import io.fastsafetensors.TransferPath;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.StreamMark;
import io.fastsafetensors.toolkit.io.RangeLayout.Span;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/**
 * One buffer of a device for the ranges of a file, and the copies to it that are under way.
 *
 * @since 0.1
 */
public abstract class DeviceTarget implements ReadTarget {
  private final ReadSession<?> session;
  private final RangeLayout layout;
  private final DeviceBuffer buffer;
  private final CopiesInFlight copies = new CopiesInFlight();

  /**
   * Allocates the buffer.
   *
   * @param session whose device, budget and ring are used
   * @param layout where the ranges go
   * @throws LoadException if there is no memory, or no thread to fill it
   */
  protected DeviceTarget(ReadSession<?> session, RangeLayout layout) throws LoadException {
    session.ensureThread();
    DeviceContext context = session.context();
    this.session = session;
    this.layout = layout;
    this.buffer =
        session
            .budget()
            .allocate(layout.bytes(), bytes -> context.allocate(bytes, layout.bufferAlignment()));
  }

  /** {@return the memory} */
  protected final DeviceBuffer buffer() {
    return buffer;
  }

  /** {@return the copies to it that are under way} */
  protected final CopiesInFlight copies() {
    return copies;
  }

  /** {@return how long to wait for a staging buffer} */
  protected final Deadline deadline() {
    return session.options().monitor().deadline();
  }

  /**
   * Brings a read to the device by way of the session's ring, which was made before.
   *
   * @param file the file
   * @param read what to read, at most a block
   * @param path the way to read
   * @return what was done; copies may be under way
   * @throws LoadException if a byte can't be read or copied
   */
  protected final Brought stage(PlannedFile file, FileRead read, TransferPath path)
      throws LoadException {
    StagingRing ring = session.ring();
    long start = System.nanoTime();
    DeviceBuffer staging = ring.take(deadline());
    long taken = System.nanoTime();
    ReadWindow window = ReadWindow.of(read, file.grain(path), file.size());
    MemorySegment bytes = staging.host().orElseThrow().asSlice(0, window.bytes());
    TransferPath way = ring.fill(staging, _ -> file.read(path, bytes, window.offset()));
    long filled = System.nanoTime();
    ring.send(staging, stream -> copyParts(read, window, bytes, stream), copies);
    return Brought.of(read, way, filled - taken).waited(taken - start);
  }

  private void copyParts(FileRead read, ReadWindow window, MemorySegment bytes, DeviceStream stream)
      throws LoadException {
    for (Span part : read.parts()) {
      MemorySegment from = window.part(bytes, part);
      stream.copyFromHost(from, Region.of(buffer, part.bufferOffset(), from.byteSize()));
    }
  }

  @Override
  public final void settle(Deadline deadline) throws LoadException {
    copies.settle(deadline);
  }

  @Override
  public final boolean isSettled() {
    return copies.isSettled();
  }

  @Override
  public final StreamMark mark() {
    return copies.mark();
  }

  @Override
  public final Optional<Region> region(int range) {
    return Optional.of(layout.region(range, buffer));
  }

  @Override
  public final List<DeviceBuffer> buffers() {
    return List.of(buffer);
  }

  @Override
  public final List<Region> regions() {
    return layout.regions(buffer);
  }

  @Override
  public final void release(boolean handedOut) {
    if (!handedOut) {
      buffer.close();
      session.budget().giveBack(layout.bytes());
    }
  }
}
