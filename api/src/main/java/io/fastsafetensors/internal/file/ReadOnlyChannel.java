// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.SeekableByteChannel;
import java.util.Objects;

/** What all channels share that read a source of a known size. Not thread-safe. */
public abstract class ReadOnlyChannel implements SeekableByteChannel {
  private final long size;
  private long position;
  private boolean closed;

  /** Opens a channel at the first byte. */
  protected ReadOnlyChannel(long size) {
    this.size = size;
  }

  /**
   * Reads some bytes.
   *
   * @param target has room
   * @param from where they are, before the end
   * @return how many; -1 if the source ends before
   * @throws IOException if they can't be read
   */
  protected abstract int read(ByteBuffer target, long from) throws IOException;

  /** Closes the source; called once. */
  protected abstract void closeSource() throws IOException;

  @Override
  public final int read(ByteBuffer target) throws IOException {
    checkOpen();
    if (!target.hasRemaining()) {
      return 0;
    }
    int count = position < size ? read(target, position) : -1;
    position += Math.max(0, count);
    return count;
  }

  @Override
  public final long position() throws IOException {
    checkOpen();
    return position;
  }

  @Override
  public final SeekableByteChannel position(long newPosition) throws IOException {
    checkOpen();
    position = Objects.checkIndex(newPosition, Long.MAX_VALUE);
    return this;
  }

  @Override
  public final long size() throws IOException {
    checkOpen();
    return size;
  }

  private void checkOpen() throws ClosedChannelException {
    if (closed) {
      throw new ClosedChannelException();
    }
  }

  @Override
  public final int write(ByteBuffer source) {
    throw new NonWritableChannelException();
  }

  @Override
  public final SeekableByteChannel truncate(long newSize) {
    throw new NonWritableChannelException();
  }

  @Override
  public final boolean isOpen() {
    return !closed;
  }

  @Override
  public final void close() throws IOException {
    if (!closed) {
      closed = true;
      closeSource();
    }
  }
}
