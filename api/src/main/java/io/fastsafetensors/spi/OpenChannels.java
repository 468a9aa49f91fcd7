// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.spi;

import io.fastsafetensors.TransferPath;
import io.fastsafetensors.internal.file.FileStores;
import io.fastsafetensors.internal.file.SharedChannels;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** An open file by the channels of a backend. What a {@link FileChannel} has can be mapped. */
final class OpenChannels implements IoBackend.OpenFile {
  private final Path path;
  private final SharedChannels.Opener opener;
  private final @Nullable Object key;
  private final long size;
  private final boolean mayHang;
  private final boolean writable;
  private volatile SharedChannels channels;

  /** Only to ask what is cached; null before that, and where there are no mappings. */
  private volatile @Nullable MemorySegment probe;

  private volatile boolean unmappable;
  private @Nullable Arena probeArena;
  private boolean closed;

  /**
   * What differs after each change of a file.
   *
   * @param size its size in bytes
   * @param modified the time of the last write
   * @param key which file it is; null where the file system has no keys
   */
  private record Version(long size, FileTime modified, @Nullable Object key) {}

  private OpenChannels(
      Path path, boolean writable, SharedChannels.Opener opener, SharedChannels channels)
      throws IOException {
    this.path = path;
    this.writable = writable;
    this.opener = opener;
    this.channels = channels;
    this.size = channels.size();
    this.key = attributes().map(BasicFileAttributes::fileKey).orElse(null);
    this.mayHang = FileStores.mayHang(path);
  }

  /** Opens a file; what may be written of it is not mapped: see {@link #map}. */
  static OpenChannels open(Path path, boolean writable, SharedChannels.Opener opener)
      throws IOException {
    SharedChannels channels = SharedChannels.open(opener);
    try {
      return new OpenChannels(path, writable, opener, channels);
    } catch (IOException | RuntimeException e) {
      channels.close();
      throw e;
    }
  }

  /** Returns what the platform tells of the file by its name; nothing of what only a server has. */
  private Optional<BasicFileAttributes> attributes() {
    try {
      return Optional.of(Files.readAttributes(path, BasicFileAttributes.class));
    } catch (IOException | RuntimeException e) {
      return Optional.empty();
    }
  }

  @Override
  public long size() {
    return size;
  }

  /** A file that took the place of the open one says nothing of that but that it is another. */
  @Override
  public Optional<Object> version() throws IOException {
    Optional<BasicFileAttributes> now = attributes();
    return now.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new Version(
                withOpen(SharedChannels::size), now.get().lastModifiedTime(), now.get().fileKey()));
  }

  @Override
  public TransferPath read(MemorySegment target, long offset) throws IOException {
    long read = withOpen(open -> open.read(target, offset));
    if (read < target.byteSize()) {
      throw new EOFException(
          "the file ends at byte %s, %s bytes were wanted from there"
              .formatted(offset + read, target.byteSize() - read));
    }
    return TransferPath.BUFFERED;
  }

  /** Asks the channels for a number. */
  @FunctionalInterface
  private interface Question {
    long ask(SharedChannels open) throws IOException;
  }

  /** Asks again if the interrupt of another thread closed the channel of all. */
  private long withOpen(Question question) throws IOException {
    while (true) {
      SharedChannels open = channels;
      try {
        return question.ask(open);
      } catch (ClosedByInterruptException e) {
        throw e;
      } catch (ClosedChannelException e) {
        reopen(open, e);
      }
    }
  }

  private synchronized void reopen(SharedChannels broken, ClosedChannelException e)
      throws IOException {
    if (closed) {
      throw e;
    }
    if (channels != broken) {
      return;
    }
    SharedChannels again = SharedChannels.open(opener);
    Object now = attributes().map(BasicFileAttributes::fileKey).orElse(null);
    if (again.size() != size || !Objects.equals(now, key)) {
      again.close();
      throw new IOException("the file was replaced since it was opened", e);
    }
    channels = again;
    broken.close();
  }

  @Override
  public boolean isCached(long offset, long bytes) {
    MemorySegment mapped = writable ? null : probe();
    return mapped != null && mapped.asSlice(offset, bytes).isLoaded();
  }

  private @Nullable MemorySegment probe() {
    MemorySegment known = probe;
    return known != null || unmappable ? known : mapProbe();
  }

  @SuppressWarnings("MustBeClosedChecker") // close() does
  private synchronized @Nullable MemorySegment mapProbe() {
    if (probe == null && !unmappable) {
      Arena arena = Arena.ofShared();
      probe = mapped(arena).orElse(null);
      unmappable = probe == null;
      if (unmappable) {
        arena.close();
      } else {
        probeArena = arena;
      }
    }
    return probe;
  }

  private Optional<MemorySegment> mapped(Arena arena) {
    Optional<FileChannel> channel = channels.fileChannel();
    if (channel.isEmpty() || size == 0) {
      return Optional.empty();
    }
    try {
      return Optional.of(channel.get().map(MapMode.READ_ONLY, 0, size, arena));
    } catch (IOException | RuntimeException e) { // providers throw what they like
      return Optional.empty();
    }
  }

  /** The JDK maps privately only what is open for writing, which is not for readers to ask for. */
  @Override
  @SuppressWarnings("MustBeClosedChecker") // the buffer closes the arena
  public Optional<DeviceBuffer> map() {
    if (writable) {
      return Optional.empty();
    }
    Arena arena = Arena.ofShared();
    Optional<MemorySegment> memory = mapped(arena);
    if (memory.isEmpty()) {
      arena.close();
    }
    return memory.map(segment -> DeviceBuffer.ofHost(segment, arena::close));
  }

  @Override
  public boolean mayHang() {
    return mayHang;
  }

  @Override
  public synchronized void close() {
    closed = true;
    channels.close();
    unmappable = true;
    probe = null;
    if (probeArena != null) {
      probeArena.close();
      probeArena = null;
    }
  }
}
