// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Region;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.util.Optional;

/** A tensor's bytes as buffers of {@code java.nio}, which have 2 GiB at most. */
final class Windows {
  private static final long LONGEST_WRITE = 64 << 20;
  private static final int LONGEST_TOUCH = 1 << 20;

  private Windows() {}

  /** Returns a window to some bytes, or a copy if there can be none. */
  static ByteBuffer of(Piece piece, long offset, long length) throws LoadException {
    check(piece, offset, length);
    Region part = piece.region().slice(offset, length);
    Optional<MemorySegment> host = Downloads.host(part).filter(Windows::canBeBuffer);
    return host.isPresent() ? littleEndian(host.get()) : copy(piece, part);
  }

  private static void check(Piece piece, long offset, long length) {
    long bytes = piece.region().bytes();
    if (offset < 0 || length < 0 || offset > bytes - length) {
      throw new IndexOutOfBoundsException(
          "tensor %s has %s bytes: no %s from %s on"
              .formatted(piece.spec(), bytes, length, offset));
    }
    if (length > Integer.MAX_VALUE) {
      throw new UnsupportedOperationException(
          ("tensor %s: %s bytes are more than the %s that a ByteBuffer can hold: take parts by"
                  + " asByteBuffer(offset, length), or host()")
              .formatted(piece.spec(), length, Integer.MAX_VALUE));
    }
  }

  /** Of arrays, only those of bytes have buffers of bytes. */
  private static boolean canBeBuffer(MemorySegment memory) {
    return memory.isNative() || memory.heapBase().filter(byte[].class::isInstance).isPresent();
  }

  private static ByteBuffer littleEndian(MemorySegment memory) {
    return memory.asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  private static ByteBuffer copy(Piece piece, Region part) throws LoadException {
    MemorySegment copy = Arena.ofAuto().allocate(part.bytes(), Long.BYTES);
    Downloads.toHost(piece.memory().context(), part, copy);
    return littleEndian(copy.asReadOnly());
  }

  /** Writes all bytes to a channel that blocks. */
  static void write(Piece piece, WritableByteChannel channel) throws IOException {
    // What a channel may keep for long has a scope of its own.
    Optional<MemorySegment> host = Downloads.host(piece.region());
    if (host.isPresent()) {
      writeAll(host.get(), channel);
    } else {
      Downloads.<IOException>show(
          piece.memory().context(), piece.region(), (_, bytes) -> writeAll(bytes, channel));
    }
  }

  private static void writeAll(MemorySegment bytes, WritableByteChannel channel)
      throws IOException {
    for (long done = 0; done < bytes.byteSize(); done += LONGEST_WRITE) {
      MemorySegment some = bytes.asSlice(done, Math.min(LONGEST_WRITE, bytes.byteSize() - done));
      ByteBuffer buffer =
          canBeBuffer(some)
              ? some.asByteBuffer()
              : ByteBuffer.wrap(some.toArray(ValueLayout.JAVA_BYTE));
      while (buffer.hasRemaining()) {
        write(buffer, channel);
      }
    }
  }

  /** Of a page that is lost the kernel says only that its address is bad; the JDK knows more. */
  private static void write(ByteBuffer buffer, WritableByteChannel channel) throws IOException {
    try {
      channel.write(buffer);
    } catch (IOException e) {
      int next = Math.min(LONGEST_TOUCH, buffer.remaining());
      var _ = ByteBuffer.allocate(next).put(buffer.slice(buffer.position(), next));
      throw e;
    }
  }
}
