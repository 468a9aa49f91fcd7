// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.file;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/**
 * Gathers small writes and splits large ones, through one native buffer: the channel would
 * otherwise copy each heap buffer to a native one of equal size and keep that for the thread.
 */
public final class StagedOutput implements AutoCloseable {
  private static final long STAGING_BYTES = 4 << 20;

  private final WritableByteChannel target;
  private final Arena arena = Arena.ofConfined();
  private final MemorySegment segment = arena.allocate(STAGING_BYTES);

  /** The segment, positioned after the bytes in it. */
  private final ByteBuffer staging = segment.asByteBuffer();

  /**
   * Starts empty.
   *
   * @param target where the bytes go; not closed
   */
  public StagedOutput(WritableByteChannel target) {
    this.target = target;
  }

  /**
   * Takes bytes, and writes them now or later.
   *
   * @param bytes of any kind and size
   * @throws IOException if the target fails
   */
  public void write(MemorySegment bytes) throws IOException {
    long taken = 0;
    while (taken < bytes.byteSize()) {
      int length = (int) Math.min(bytes.byteSize() - taken, staging.remaining());
      MemorySegment.copy(bytes, taken, segment, staging.position(), length);
      staging.position(staging.position() + length);
      taken += length;
      if (!staging.hasRemaining()) {
        flush();
      }
    }
  }

  /**
   * Writes all bytes taken so far.
   *
   * @throws IOException if the target fails
   */
  public void flush() throws IOException {
    staging.flip();
    while (staging.hasRemaining()) {
      target.write(staging);
    }
    staging.clear();
  }

  /** Frees the buffer; bytes not flushed are lost. */
  @Override
  public void close() {
    arena.close();
  }
}
