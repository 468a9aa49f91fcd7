// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.io;

import io.fastsafetensors.TransferPath;
import io.fastsafetensors.internal.file.ReadOnlyChannel;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/** A planned file as a channel, which reads ahead: a read may be a request to a server. */
final class PlannedChannel extends ReadOnlyChannel {
  private static final int LEAST_BYTES = 64 << 10;
  private static final int MOST_BYTES = 8 << 20;

  private final PlannedFile file;
  private byte[] chunk = new byte[0];
  private long start;

  PlannedChannel(PlannedFile file) {
    super(file.size());
    this.file = file;
  }

  @Override
  protected int read(ByteBuffer target, long from) throws IOException {
    if (from < start || from >= start + chunk.length) {
      long wanted = Math.clamp(target.remaining(), LEAST_BYTES, MOST_BYTES);
      byte[] bytes = new byte[(int) Math.min(wanted, file.size() - from)];
      file.read(TransferPath.BUFFERED, MemorySegment.ofArray(bytes), from);
      chunk = bytes;
      start = from;
    }
    int first = (int) (from - start);
    int count = Math.min(target.remaining(), chunk.length - first);
    target.put(chunk, first, count);
    return count;
  }

  @Override
  protected void closeSource() {
    file.close();
  }
}
