// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.file;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.WritableByteChannel;

/** Takes the bytes of one tensor: all of them, and no more. */
public final class TensorSink implements WritableByteChannel {
  private final long bytes;
  private final StagedOutput output;
  private long written;
  private boolean open = true;

  /**
   * Starts a tensor.
   *
   * @param bytes how many there must be
   * @param output where they go; not closed
   */
  public TensorSink(long bytes, StagedOutput output) {
    this.bytes = bytes;
    this.output = output;
  }

  @Override
  public int write(ByteBuffer source) throws IOException {
    int count = source.remaining();
    write(MemorySegment.ofBuffer(source));
    source.position(source.limit());
    return count;
  }

  /**
   * Takes bytes of memory.
   *
   * @param source of any kind and size
   * @throws IOException if they are too many, or can't be written
   */
  public void write(MemorySegment source) throws IOException {
    if (!open) {
      throw new ClosedChannelException();
    }
    long count = source.byteSize();
    if (count > bytes - written) {
      throw wrongCount("at least " + (written + count));
    }
    output.write(source);
    written += count;
  }

  /**
   * Ends the tensor.
   *
   * @throws IOException if bytes are missing
   */
  public void finish() throws IOException {
    open = false;
    if (written != bytes) {
      throw wrongCount("only " + written);
    }
  }

  private IOException wrongCount(String given) {
    return new IOException("its source gave " + given + " bytes, the tensor takes " + bytes);
  }

  @Override
  public boolean isOpen() {
    return open;
  }

  /** Takes no more bytes; the file stays open. */
  @Override
  public void close() {
    open = false;
  }
}
