// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.format;

import java.io.IOException;
import java.lang.foreign.Arena;
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
  private final ByteBuffer staging = arena.allocate(STAGING_BYTES).asByteBuffer();

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
   * @param source its remaining bytes are taken
   * @throws IOException if the target fails
   */
  public void write(ByteBuffer source) throws IOException {
    while (source.hasRemaining()) {
      int taken = Math.min(source.remaining(), staging.remaining());
      staging.put(source.slice(source.position(), taken));
      source.position(source.position() + taken);
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
