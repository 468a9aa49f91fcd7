// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.internal.convert.Conversions;
import io.fastsafetensors.internal.save.Content;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/** Converts what a source gives on its way to a file. */
final class ConvertingChannel implements WritableByteChannel {
  private static final long ELEMENTS = 1 << 18;

  private final WritableByteChannel target;
  private final DType from;
  private final DType to;
  private final MemorySegment converted;
  private final MemorySegment memory;
  private final ByteBuffer given;

  private ConvertingChannel(WritableByteChannel target, DType from, DType to, Arena arena) {
    this.target = target;
    this.from = from;
    this.to = to;
    this.memory = arena.allocate(from.byteSize(ELEMENTS), Long.BYTES);
    this.converted = arena.allocate(to.byteSize(ELEMENTS), Long.BYTES);
    this.given = memory.asByteBuffer();
  }

  /** Makes content of a type of what gives bytes of another. */
  static Content.Pushed converted(Content.Pushed source, DType from, DType to) {
    return channel -> {
      try (Arena arena = Arena.ofShared()) {
        ConvertingChannel converting = new ConvertingChannel(channel, from, to, arena);
        source.writeTo(converting);
        converting.flush();
      }
    };
  }

  @Override
  public int write(ByteBuffer source) throws IOException {
    int count = source.remaining();
    while (source.hasRemaining()) {
      int part = Math.min(source.remaining(), given.remaining());
      given.put(source.slice(source.position(), part));
      source.position(source.position() + part);
      if (!given.hasRemaining()) {
        flush();
      }
    }
    return count;
  }

  /** Converts all whole elements. Half an element at the end shows as a missing one. */
  private void flush() throws IOException {
    long count = given.position() * (long) Byte.SIZE / from.bits();
    MemorySegment elements = memory.asSlice(0, from.byteSize(count));
    MemorySegment result = converted.asSlice(0, to.byteSize(count));
    Conversions.convert(elements, from, result, to);
    target.write(result.asByteBuffer());
    given.clear();
  }

  @Override
  public boolean isOpen() {
    return target.isOpen();
  }

  @Override
  public void close() throws IOException {
    flush();
    target.close();
  }
}
