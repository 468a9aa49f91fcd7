// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.file;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A file by the stream of its provider: it moves on by skipping, and back by opening the stream
 * anew. It needs neither memory nor a file of the file's size.
 */
final class StreamChannel extends ReadOnlyChannel {
  private static final int CHUNK_BYTES = 256 << 10;

  private final Path file;
  private final byte[] chunk;
  private InputStream stream;

  /** Where the stream is. */
  private long reached;

  private StreamChannel(Path file, long size, InputStream stream) {
    super(size);
    this.file = file;
    this.stream = stream;
    this.chunk = new byte[(int) Math.min(size, CHUNK_BYTES)];
  }

  static StreamChannel open(Path file) throws IOException {
    return new StreamChannel(file, RegularFile.size(file), Files.newInputStream(file));
  }

  @Override
  protected int read(ByteBuffer target, long from) throws IOException {
    if (!moveTo(from)) {
      return -1;
    }
    int count = stream.read(chunk, 0, Math.min(chunk.length, target.remaining()));
    if (count > 0) {
      target.put(chunk, 0, count);
      reached += count;
    }
    return count;
  }

  /** Returns false if the stream ends before. */
  private boolean moveTo(long place) throws IOException {
    if (place < reached) {
      stream.close();
      stream = Files.newInputStream(file);
      reached = 0;
    }
    while (reached < place) {
      // The JDK's stream of a zip entry loses its place if it skips before anything was read.
      long skipped = reached == 0 ? 0 : stream.skip(place - reached);
      if (skipped <= 0 && stream.read() < 0) {
        return false;
      }
      reached += Math.max(1, skipped);
    }
    return true;
  }

  @Override
  protected void closeSource() throws IOException {
    stream.close();
  }
}
