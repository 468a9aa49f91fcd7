// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import org.junit.jupiter.api.Test;

/** Bytes pass through the staging buffer complete and counted. */
class StagedOutputTests {
  @Test
  void countsATensorOver4GiB() throws IOException {
    CountingChannel target = new CountingChannel();
    long bytes = (4L << 30) + 3;
    try (StagedOutput output = new StagedOutput(target)) {
      TensorSink sink = new TensorSink(bytes, output);
      ByteBuffer piece = ByteBuffer.allocate(1 << 24);
      for (int i = 0; i < 1 << 8; i++) {
        sink.write(piece.clear());
      }
      assertThatIOException()
          .isThrownBy(() -> sink.write(ByteBuffer.allocate(4)))
          .withMessage("its source gave at least 4294967300 bytes, the tensor takes 4294967299");
      sink.write(ByteBuffer.allocate(3));
      sink.finish();
      output.flush();
    }
    assertThat(target.bytes).isEqualTo(bytes);
  }

  @Test
  void gathersSmallWrites() throws IOException {
    CountingChannel target = new CountingChannel();
    try (StagedOutput output = new StagedOutput(target)) {
      for (int i = 0; i < 100_000; i++) {
        output.write(MemorySegment.ofArray(new byte[10]));
      }
      output.flush();
    }
    assertThat(target.bytes).isEqualTo(1_000_000);
    assertThat(target.writes).isLessThan(5);
  }

  @Test
  void finishesPartialWrites() throws IOException {
    CountingChannel target = new CountingChannel();
    target.maxBytes = 1000;
    try (StagedOutput output = new StagedOutput(target)) {
      output.write(MemorySegment.ofArray(new byte[12_345]));
      output.flush();
    }
    assertThat(target.bytes).isEqualTo(12_345);
  }

  /** A simulated target that only counts; it can take less than it is given. */
  private static final class CountingChannel implements WritableByteChannel {
    private int maxBytes = Integer.MAX_VALUE;
    private long bytes;
    private int writes;

    @Override
    public int write(ByteBuffer source) {
      int taken = Math.min(source.remaining(), maxBytes);
      source.position(source.position() + taken);
      bytes += taken;
      writes++;
      return taken;
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {}
  }
}
