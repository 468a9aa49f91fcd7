// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.save;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.WritableByteChannel;

/** Takes the bytes of one extent: all of them, and no more. */
final class ExtentChannel implements WritableByteChannel {
  private final Extent extent;
  private final Run run;
  private long written;
  private boolean open = true;

  ExtentChannel(Extent extent, Run run) {
    this.extent = extent;
    this.run = run;
  }

  @Override
  public int write(ByteBuffer source) throws IOException {
    if (!open) {
      throw new ClosedChannelException();
    }
    if (Thread.currentThread().isInterrupted()) {
      open = false;
      throw new ClosedByInterruptException();
    }
    int count = source.remaining();
    if (count > extent.bytes() - written) {
      throw wrongCount("at least " + (written + count));
    }
    run.put(
        extent.position() + written, new MemoryContent(MemorySegment.ofBuffer(source)), 0, count);
    source.position(source.limit());
    written += count;
    return count;
  }

  /** Ends the extent; fails if bytes are missing. */
  void finish() throws IOException {
    open = false;
    if (written != extent.bytes()) {
      throw wrongCount("only " + written);
    }
  }

  private IOException wrongCount(String given) {
    return new IOException(
        "its source gave " + given + " bytes, the tensor takes " + extent.bytes());
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
