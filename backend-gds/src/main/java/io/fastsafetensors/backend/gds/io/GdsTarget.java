// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds.io;

import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.Reason;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.backend.gds.io.ReadCuts.Way;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.toolkit.io.DeviceTarget;
import io.fastsafetensors.toolkit.io.FileRead;
import io.fastsafetensors.toolkit.io.FileStats;
import io.fastsafetensors.toolkit.io.PathChoice;
import io.fastsafetensors.toolkit.io.RangeLayout;
import io.fastsafetensors.toolkit.io.RangeLayout.Span;
import io.fastsafetensors.toolkit.io.StagingRing;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Memory of a GPU that cuFile reads into: whole pages straight to their place, what would be
 * misaligned there by way of scratch memory of the device, and the rest by pinned memory.
 */
final class GdsTarget extends DeviceTarget implements PathChoice {
  private static final Logger LOG = System.getLogger(GdsTarget.class.getName());

  private final GdsSession session;
  private final GdsFile file;
  private final ReadCuts reads;
  private final Manner manner;
  private final Map<Way, Long> bytesByWay = new ConcurrentSkipListMap<>();

  /** Allocates device memory for what a layout wants of a file. */
  GdsTarget(GdsSession session, GdsFile file, RangeLayout layout, ReadCuts reads, Manner manner)
      throws LoadException {
    super(session, layout);
    this.session = session;
    this.file = file;
    this.reads = reads;
    this.manner = manner;
  }

  @Override
  public List<FileRead> reads() {
    return reads.all();
  }

  @Override
  public TransferPath path(FileRead read) {
    return reads.way(read) == Way.STAGED ? TransferPath.BUFFERED : manner.path();
  }

  @Override
  public Brought bring(FileRead read, TransferPath path) throws LoadException {
    return switch (reads.way(read)) {
      case STRAIGHT -> straight(read);
      case SCRATCH -> scratch(read);
      case STAGED -> staged(read);
    };
  }

  private Brought straight(FileRead read) throws LoadException {
    long address = buffer().address() + read.parts().getFirst().bufferOffset();
    long start = System.nanoTime();
    boolean registered = session.registration().begin(address, read.bytes());
    try {
      file.readByCuFile(address, read.offset(), read.bytes());
    } finally {
      if (registered) {
        session.registration().end(address);
      }
    }
    long nanos = System.nanoTime() - start;
    return count(Way.STRAIGHT, Brought.of(read, manner.path(), nanos));
  }

  private Brought scratch(FileRead read) throws LoadException {
    long start = System.nanoTime();
    DeviceBuffer scratch = takeScratch();
    if (scratch == null) {
      return staged(read);
    }
    long taken = System.nanoTime();
    StagingRing ring = session.scratchRing();
    long nanos =
        ring.fill(
            scratch,
            memory -> {
              file.readByCuFile(memory.address(), read.offset(), read.bytes());
              return System.nanoTime() - taken;
            });
    Span part = read.parts().getFirst();
    Region from = Region.of(scratch, part.fileOffset() - read.offset(), part.bytes());
    Region to = Region.of(buffer(), part.bufferOffset(), part.bytes());
    ring.send(scratch, stream -> stream.copy(from, to), copies());
    return count(Way.SCRATCH, Brought.of(read, manner.path(), nanos).waited(taken - start));
  }

  /** Returns null if the device has no memory for it. */
  private @Nullable DeviceBuffer takeScratch() throws LoadException {
    try {
      return session.scratchRing().take(deadline());
    } catch (DeviceMemoryException e) {
      LOG.log(Level.DEBUG, "no scratch memory: staging instead", e);
      return null;
    }
  }

  private Brought staged(FileRead read) throws LoadException {
    return count(Way.STAGED, stage(file, read, TransferPath.BUFFERED));
  }

  private Brought count(Way way, Brought brought) {
    bytesByWay.merge(way, brought.read().bytes(), Long::sum);
    return brought;
  }

  /** Says {@code 4096 bytes straight, 12 bytes staged}, and what speaks for it. */
  @Override
  public Reason reason(FileStats stats, List<Region> regions) {
    return manner.reason(
        bytesByWay.isEmpty()
            ? "nothing to read"
            : bytesByWay.entrySet().stream()
                .map(share -> share.getValue() + " bytes " + share.getKey())
                .collect(Collectors.joining(", ")));
  }
}
