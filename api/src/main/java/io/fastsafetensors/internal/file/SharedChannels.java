// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.file;

import java.io.Closeable;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The channels by which several threads read one file: a {@link FileChannel} serves all of them; of
 * other channels each thread that reads at the same time has one. Thread-safe.
 */
public final class SharedChannels implements Closeable {
  private static final Logger LOG = System.getLogger(SharedChannels.class.getName());

  /** The most bytes of one call, below the limit of a {@link ByteBuffer}. */
  private static final long MOST_BYTES = 1 << 30;

  /** How often in a row a channel may give nothing before that counts as a failure. */
  private static final int MOST_EMPTY_READS = 1000;

  private final Opener opener;
  private final SeekableByteChannel first;
  private final long size;
  private final NavigableMap<Place, SeekableByteChannel> idle = new ConcurrentSkipListMap<>();
  private final AtomicLong numbers = new AtomicLong();
  private final ConcurrentLinkedDeque<SeekableByteChannel> opened = new ConcurrentLinkedDeque<>();
  private volatile boolean closed;

  /** Opens a channel of the file. */
  @FunctionalInterface
  public interface Opener {
    SeekableByteChannel open() throws IOException;
  }

  /** Reads at a place in the file. */
  @FunctionalInterface
  private interface PositionedRead {
    int read(ByteBuffer buffer, long offset) throws IOException;
  }

  /** Where an idle channel is in the file; no two are alike. */
  private record Place(long offset, long number) implements Comparable<Place> {
    @Override
    public int compareTo(Place other) {
      int byOffset = Long.compare(offset, other.offset);
      return byOffset != 0 ? byOffset : Long.compare(number, other.number);
    }
  }

  private SharedChannels(Opener opener, SeekableByteChannel first) throws IOException {
    this.opener = opener;
    this.first = first;
    this.opened.push(first);
    this.size = first.size();
    putIdle(first, 0);
  }

  /** Opens the first channel. */
  public static SharedChannels open(Opener opener) throws IOException {
    SeekableByteChannel first = opener.open();
    try {
      return new SharedChannels(opener, first);
    } catch (IOException | RuntimeException e) {
      first.close();
      throw e;
    }
  }

  /** Returns the size of the open file at this moment, as far as its channel tells. */
  public long size() throws IOException {
    return first.size();
  }

  /** Returns the channel for mappings; empty where the file system has none. */
  public Optional<FileChannel> fileChannel() {
    return first instanceof FileChannel channel ? Optional.of(channel) : Optional.empty();
  }

  /**
   * Reads until the target is full, or the file ends.
   *
   * @return how many bytes
   * @throws IOException if they can't be read
   */
  public long read(MemorySegment target, long offset) throws IOException {
    if (first instanceof FileChannel channel) {
      return fill(target, offset, channel::read);
    }
    SeekableByteChannel free = takeIdle(offset);
    SeekableByteChannel channel = free == null ? openAnother() : free;
    long read = fill(target, offset, (buffer, at) -> channel.position(at).read(buffer));
    putIdle(channel, offset + read); // not after a failure: where would it be?
    return read;
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
    SeekableByteChannel channel = opener.open();
    opened.push(channel);
    if (closed) {
      close(); // it may have looked through the others before this one came
      throw new ClosedChannelException();
    }
    if (channel.size() != size) {
      throw new IOException(
          "the file changed: it had %s bytes, it has %s bytes now".formatted(size, channel.size()));
    }
    return channel;
  }

  private static long fill(MemorySegment target, long offset, PositionedRead channel)
      throws IOException {
    int empty = 0;
    long done = 0;
    while (done < target.byteSize()) {
      long count = Math.min(target.byteSize() - done, MOST_BYTES);
      int read = channel.read(target.asSlice(done, count).asByteBuffer(), offset + done);
      if (read < 0) {
        return done;
      }
      empty = read == 0 ? empty + 1 : 0;
      if (empty > MOST_EMPTY_READS) {
        throw new IOException("its channel gives no bytes");
      }
      done += read;
    }
    return done;
  }

  @Override
  public void close() {
    closed = true;
    for (SeekableByteChannel channel = opened.poll(); channel != null; channel = opened.poll()) {
      try {
        channel.close();
      } catch (IOException | RuntimeException e) {
        LOG.log(Level.DEBUG, "closing a file that was only read", e);
      }
    }
  }
}
