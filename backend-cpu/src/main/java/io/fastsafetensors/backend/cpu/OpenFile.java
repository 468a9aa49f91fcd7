// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.cpu;

import io.fastsafetensors.TransferException;
import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.toolkit.io.RangeLayout.Span;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A file that is open for reading; every failure says which file, where and why. */
final class OpenFile implements AutoCloseable {
  private static final Logger LOG = System.getLogger(OpenFile.class.getName());

  private final Path path;
  private final long plannedSize;
  private final FileChannel channel;
  private final Optional<Version> version;

  private OpenFile(RangePlan plan, FileChannel channel) {
    this.path = plan.file();
    this.plannedSize = plan.fileSize();
    this.channel = channel;
    this.version = Version.of(path);
  }

  /**
   * Tells files apart, and states of a file.
   *
   * @param key the file, such as its device and inode; null where the platform has none
   * @param modified when it was written to
   */
  private record Version(@Nullable Object key, FileTime modified) {
    /** Asks the file system; empty where the path is gone, which does an open file no harm. */
    static Optional<Version> of(Path path) {
      try {
        BasicFileAttributes now = Files.readAttributes(path, BasicFileAttributes.class);
        return Optional.of(new Version(now.fileKey(), now.lastModifiedTime()));
      } catch (IOException e) {
        LOG.log(Level.DEBUG, () -> path + ": its time of change can't be told: " + e);
        return Optional.empty();
      }
    }

    /** Tells whether the same file was written to; one that replaced it says nothing of it. */
    boolean isChanged(Version later) {
      return Objects.equals(key, later.key) && !modified.equals(later.modified);
    }
  }

  /** Opens a file and checks that it has the size that the plan was made for. */
  @SuppressWarnings("MustBeClosedChecker") // this object closes the channel
  static OpenFile open(RangePlan plan) throws LoadException {
    FileChannel channel;
    try {
      channel = FileChannel.open(plan.file(), StandardOpenOption.READ);
    } catch (IOException e) {
      String detail = e instanceof NoSuchFileException ? "no such file" : "can't open: " + e;
      throw new TransferException(CpuIoBackend.ID, plan.file(), 0, plan.bytes(), detail, e);
    }
    OpenFile file = new OpenFile(plan, channel);
    try {
      file.checkSize();
      return file;
    } catch (LoadException | RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  Path path() {
    return path;
  }

  /** Fails if the size is not the one that the plan was made for. */
  void checkSize() throws LoadException {
    long size;
    try {
      size = channel.size();
    } catch (IOException e) {
      throw failure(0, 0, "tell its size", e);
    }
    if (size != plannedSize) {
      throw changed(0, plannedSize, "it has " + size + " bytes now");
    }
  }

  /** Fails if the file was written to since it was opened. */
  void checkUnchanged() throws LoadException {
    checkSize();
    Optional<Version> now = Version.of(path);
    if (version.isPresent() && now.isPresent() && version.get().isChanged(now.get())) {
      String detail =
          "the file was written to while it was read; load again when nobody writes to it";
      throw new TransferException(CpuIoBackend.ID, path, 0, plannedSize, detail, null);
    }
  }

  /** Reads until the target is full. */
  void read(Span block, MemorySegment target) throws LoadException {
    ByteBuffer buffer = target.asByteBuffer();
    try {
      while (buffer.hasRemaining()) {
        long at = block.fileOffset() + buffer.position();
        if (channel.read(buffer, at) <= 0) {
          throw changed(at, buffer.remaining(), "it ends at byte " + at + " now");
        }
      }
    } catch (LoadException e) {
      throw e;
    } catch (IOException e) {
      throw failure(block.fileOffset(), block.bytes(), "read", e);
    }
  }

  /** Maps adjacent bytes, read-only, until the arena closes. */
  MemorySegment map(Span span, Arena arena) throws IOException {
    return channel.map(MapMode.READ_ONLY, span.fileOffset(), span.bytes(), arena);
  }

  private TransferException changed(long offset, long length, String now) {
    String detail =
        "changed since its header was read: it had "
            + plannedSize
            + " bytes then, "
            + now
            + "; load again when nobody writes to it";
    return new TransferException(CpuIoBackend.ID, path, offset, length, detail, null);
  }

  /** Says what an exception of the JDK means. */
  LoadException failure(long offset, long length, String doing, IOException e) {
    if (e instanceof ClosedByInterruptException) {
      // The JDK closed the channel and left this thread interrupted.
      return new LoadCancelledException(path + ": the thread was interrupted", false);
    }
    String detail = "can't " + doing + ": " + e;
    return new TransferException(CpuIoBackend.ID, path, offset, length, detail, e);
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      LOG.log(Level.DEBUG, () -> path + ": closing a file that was only read", e);
    }
  }
}
