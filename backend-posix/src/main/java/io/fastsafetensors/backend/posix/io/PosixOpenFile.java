// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.DirectMode;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.backend.posix.io.PosixPaths.Placement;
import io.fastsafetensors.backend.posix.libc.ErrnoException;
import io.fastsafetensors.backend.posix.libc.FileFacts;
import io.fastsafetensors.backend.posix.libc.Libc;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.IoBackend.OpenFile;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.RangePlan;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A file of an open checkpoint. What is not cached is read past the page cache, in units that the
 * disk has; what is read again, through it, so that it is cached from then on.
 */
public final class PosixOpenFile implements OpenFile {
  /** The most bytes of one read that can't go to its place. */
  private static final int PIECE = 256 << 10;

  /** The largest unit of a disk that is read in whole units. */
  private static final int MOST_GRAIN = 64 << 10;

  private static final ReadPieces PIECES = new ReadPieces(PIECE + 2 * MOST_GRAIN);

  private final Libc libc;
  private final PosixFile file;
  private final PosixPaths paths;
  private final DirectMode mode;
  private final boolean writable;
  private final ReadCells readBefore;
  private final CacheAnswers cached;

  /**
   * What differs after each change of a file.
   *
   * @param size its size in bytes
   * @param modified the time of its last change, in nanoseconds
   * @param number its number in the file system
   */
  private record Version(long size, long modified, long number) {}

  private PosixOpenFile(Libc libc, PosixFile file, IoOptions options) {
    this.libc = libc;
    this.file = file;
    this.mode = options.direct();
    this.writable = options.writable();
    this.paths = new PosixPaths(file, mode, Placement.COPIED, false);
    this.readBefore = new ReadCells(file.size());
    this.cached = new CacheAnswers(file.cache());
  }

  /**
   * Opens a file.
   *
   * @throws LoadException if it can't be opened, or is no regular file of the operating system
   */
  public static OpenFile open(Libc libc, Path path, IoOptions options) throws IOException {
    RangePlan plan = RangePlan.of(path, Files.size(path), List.of());
    PosixFile file = new PosixFile(libc, plan, options.monitor(), false);
    file.open();
    file.cache().expectRandomReads();
    return new PosixOpenFile(libc, file, options);
  }

  @Override
  public long size() {
    return file.size();
  }

  @Override
  public Optional<Object> version() throws LoadException {
    FileFacts now = file.facts();
    return Optional.of(new Version(now.size(), now.modified(), now.number()));
  }

  @Override
  public TransferPath read(MemorySegment target, long offset) throws LoadException {
    long bytes = target.byteSize();
    if (offset > file.size() - bytes) {
      throw file.endsAt(file.size(), offset + bytes - file.size());
    }
    TransferPath way = path(offset, bytes);
    boolean inPlace =
        way != TransferPath.DIRECT || file.canReadInPlace(way, target.address(), offset, bytes);
    return inPlace ? file.read(way, target, offset) : readInPieces(target, offset);
  }

  private TransferPath path(long offset, long bytes) {
    if (mode == DirectMode.ON && canReadDirectly()) {
      return TransferPath.DIRECT;
    }
    if (cached.holds(offset, bytes)) {
      return TransferPath.CACHED;
    }
    boolean first = paths.mayReadDirectly() && canReadDirectly() && !readBefore.mark(offset, bytes);
    return first ? TransferPath.DIRECT : TransferPath.BUFFERED;
  }

  private boolean canReadDirectly() {
    return file.direct().grain() <= MOST_GRAIN && file.direct().descriptor() >= 0;
  }

  /** Reads whole units of the disk past the page cache, and copies what is wanted of them. */
  private TransferPath readInPieces(MemorySegment target, long offset) throws LoadException {
    long grain = file.direct().grain();
    MemorySegment piece = PIECES.take();
    try {
      TransferPath taken = TransferPath.DIRECT;
      for (long done = 0; done < target.byteSize(); ) {
        long count = Math.min(PIECE, target.byteSize() - done);
        long from = offset + done & -grain;
        long end = offset + done + count + grain - 1 & -grain;
        TransferPath way = file.read(TransferPath.DIRECT, piece.asSlice(0, end - from), from);
        MemorySegment.copy(piece, offset + done - from, target, done, count);
        taken = way == TransferPath.DIRECT ? taken : way;
        done += count;
      }
      return taken;
    } finally {
      PIECES.giveBack(piece);
    }
  }

  @Override
  public boolean isCached(long offset, long bytes) {
    return cached.holds(offset, bytes);
  }

  @Override
  public Optional<DeviceBuffer> map() throws LoadException {
    if (file.size() == 0) {
      return Optional.empty();
    }
    List<ByteRange> all = List.of(new ByteRange(0, file.size()));
    try {
      RangePlan whole = RangePlan.of(file.path(), file.size(), all);
      return Optional.of(FileMapping.map(libc, file, whole, writable).buffer());
    } catch (ErrnoException e) {
      throw file.refused(0, file.size(), e);
    }
  }

  @Override
  public boolean mayHang() {
    return file.cache().isFarAway();
  }

  @Override
  public void close() {
    file.close();
  }
}
