// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.file;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/**
 * A file by the stream of its provider: it moves on by skipping, and back by opening the stream
 * anew. It needs neither memory nor a file of the file's size. Not thread-safe.
 */
final class StreamChannel implements SeekableByteChannel {
  private static final int CHUNK_BYTES = 256 << 10;

  private final Path file;
  private final long size;
  private final byte[] chunk;
  private InputStream stream;

  /** Where the stream is. */
  private long reached;

  private long position;
  private boolean closed;

  private StreamChannel(Path file, long size, InputStream stream) {
    this.file = file;
    this.size = size;
    this.stream = stream;
    this.chunk = new byte[(int) Math.min(size, CHUNK_BYTES)];
  }

  static StreamChannel open(Path file) throws IOException {
    return new StreamChannel(file, RegularFile.size(file), Files.newInputStream(file));
  }

  @Override
  public int read(ByteBuffer target) throws IOException {
    checkOpen();
    if (!target.hasRemaining()) {
      return 0;
    }
    if (position >= size || !moveToPosition()) {
      return -1;
    }
    int count = stream.read(chunk, 0, Math.min(chunk.length, target.remaining()));
    if (count > 0) {
      target.put(chunk, 0, count);
      position += count;
      reached += count;
    }
    return count;
  }

  /** Returns false if the stream ends before. */
  private boolean moveToPosition() throws IOException {
    if (position < reached) {
      stream.close();
      stream = Files.newInputStream(file);
      reached = 0;
    }
    while (reached < position) {
      long skipped = stream.skip(position - reached);
      if (skipped <= 0 && stream.read() < 0) {
        return false;
      }
      reached += Math.max(1, skipped);
    }
    return true;
  }

  @Override
  public long position() throws IOException {
    checkOpen();
    return position;
  }

  @Override
  public SeekableByteChannel position(long newPosition) throws IOException {
    checkOpen();
    position = Objects.checkIndex(newPosition, Long.MAX_VALUE);
    return this;
  }

  @Override
  public long size() throws IOException {
    checkOpen();
    return size;
  }

  private void checkOpen() throws ClosedChannelException {
    if (closed) {
      throw new ClosedChannelException();
    }
  }

  @Override
  public int write(ByteBuffer source) {
    throw new NonWritableChannelException();
  }

  @Override
  public SeekableByteChannel truncate(long newSize) {
    throw new NonWritableChannelException();
  }

  @Override
  public boolean isOpen() {
    return !closed;
  }

  @Override
  public void close() throws IOException {
    if (!closed) {
      closed = true;
      stream.close();
    }
  }
}
