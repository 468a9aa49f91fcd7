// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.io;

import io.fastsafetensors.TransferPath;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.RangePlan;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A file that is read through channels of the Java platform: of the local file system, or of any
 * other provider. A {@link FileChannel} serves all threads; of other channels each thread that
 * reads at the same time has one.
 *
 * @since 0.1
 */
public final class ChannelFile extends PlannedFile {
  private static final Logger LOG = System.getLogger(ChannelFile.class.getName());

  /** The most bytes of one call, below the limit of a {@link ByteBuffer}. */
  private static final long MOST_BYTES = 1 << 30;

  /** How often in a row a channel may give nothing before that counts as a failure. */
  private static final int MOST_EMPTY_READS = 1000;

  private final Opener opener;
  private final NavigableMap<Place, SeekableByteChannel> idle = new ConcurrentSkipListMap<>();
  private final AtomicLong numbers = new AtomicLong();
  private final ConcurrentLinkedDeque<SeekableByteChannel> opened = new ConcurrentLinkedDeque<>();
  private @Nullable Object key;

  /** Where an idle channel is in the file; no two are alike. */
  private record Place(long offset, long number) implements Comparable<Place> {
    @Override
    public int compareTo(Place other) {
      int byOffset = Long.compare(offset, other.offset);
      return byOffset != 0 ? byOffset : Long.compare(number, other.number);
    }
  }

  /**
   * Opens channels of a file.
   *
   * @since 0.1
   */
  @FunctionalInterface
  public interface Opener {
    /**
     * Opens a channel.
     *
     * @param file the file
     * @return the channel, for reading; the caller closes it
     * @throws IOException if the file can't be opened
     */
    SeekableByteChannel open(Path file) throws IOException;
  }

  /**
   * Plans to read a file, which is not open yet.
   *
   * @param backend the id of the backend that reads it
   * @param plan what is to be read
   * @param opener opens its channels, as {@link io.fastsafetensors.spi.IoBackend#channel} does
   */
  public ChannelFile(String backend, RangePlan plan, Opener opener) {
    super(backend, plan);
    this.opener = opener;
  }

  @Override
  protected void openSource() throws IOException {
    putIdle(openChannel(), 0);
  }

  private SeekableByteChannel openChannel() throws IOException {
    SeekableByteChannel channel = opener.open(path());
    opened.push(channel);
    return channel;
  }

  /** The size is that of the open file; the rest is asked by name, where there is such a thing. */
  @Override
  protected State state() throws IOException {
    long size = opened.getFirst().size();
    try {
      BasicFileAttributes now = Files.readAttributes(path(), BasicFileAttributes.class);
      key = key == null ? now.fileKey() : key;
      // A file that took the place of the open one says nothing of that.
      boolean replaced = !Objects.equals(key, now.fileKey());
      return State.of(!now.isDirectory(), size, replaced ? null : now.lastModifiedTime());
    } catch (IOException | RuntimeException e) {
      LOG.log(Level.DEBUG, () -> path() + ": its time of change is unknown: " + e);
      return State.of(true, size, null);
    }
  }

  /**
   * Returns the channel for mappings.
   *
   * @return the channel, which stays this object's; empty where the file system has none
   */
  public Optional<FileChannel> fileChannel() {
    return opened.peekFirst() instanceof FileChannel channel
        ? Optional.of(channel)
        : Optional.empty();
  }

  @Override
  public TransferPath read(TransferPath wanted, MemorySegment target, long offset)
      throws LoadException {
    try {
      if (opened.peekFirst() instanceof FileChannel channel) {
        fill(target, offset, channel::read);
      } else {
        readByOneOfSeveral(target, offset);
      }
      return TransferPath.BUFFERED;
    } catch (IOException | RuntimeException e) {
      throw failure(offset, target.byteSize(), "read", e);
    }
  }

  private void readByOneOfSeveral(MemorySegment target, long offset) throws IOException {
    SeekableByteChannel free = takeIdle(offset);
    SeekableByteChannel channel = free == null ? openAnother() : free;
    fill(target, offset, (buffer, at) -> channel.position(at).read(buffer));
    putIdle(channel, offset + target.byteSize()); // not after a failure: where would it be?
  }

  /** Takes the channel that is closest before a place, as streams only go forward. */
  private @Nullable SeekableByteChannel takeIdle(long offset) {
    while (true) {
      Place before = idle.floorKey(new Place(offset, Long.MAX_VALUE));
      Map.Entry<Place, SeekableByteChannel> any = idle.firstEntry();
      if (any == null) {
        return null;
      }
      SeekableByteChannel taken = idle.remove(before == null ? any.getKey() : before);
      if (taken != null) {
        return taken;
      }
    }
  }

  private void putIdle(SeekableByteChannel channel, long offset) {
    idle.put(new Place(offset, numbers.incrementAndGet()), channel);
  }

  private SeekableByteChannel openAnother() throws IOException {
    SeekableByteChannel channel = openChannel();
    if (channel.size() != size()) {
      throw endsAt(channel.size(), size());
    }
    return channel;
  }

  /** Reads at a place in the file. */
  @FunctionalInterface
  private interface PositionedRead {
    int read(ByteBuffer buffer, long offset) throws IOException;
  }

  private void fill(MemorySegment target, long offset, PositionedRead channel) throws IOException {
    long wanted = Math.min(target.byteSize(), size() - offset);
    int empty = 0;
    for (long done = 0; done < wanted; ) {
      long count = Math.min(wanted - done, MOST_BYTES);
      int read = channel.read(target.asSlice(done, count).asByteBuffer(), offset + done);
      empty = read == 0 ? empty + 1 : 0;
      if (read < 0) {
        throw endsAt(offset + done, wanted - done);
      }
      if (empty > MOST_EMPTY_READS) {
        throw error(offset + done, wanted - done, "its channel gives no bytes", null);
      }
      done += read;
    }
  }

  @Override
  public void close() {
    for (SeekableByteChannel channel = opened.poll(); channel != null; channel = opened.poll()) {
      try {
        channel.close();
      } catch (IOException | RuntimeException e) {
        LOG.log(Level.DEBUG, () -> path() + ": closing a file that was only read: " + e);
      }
    }
  }
}
