// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.internal.convert.Conversions;
import io.fastsafetensors.internal.save.Content;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A tensor's bytes, converted on their way to a file.
 *
 * @param source the bytes before
 * @param from their type
 * @param to the type in the file
 */
record ConvertedContent(Content.Placed source, DType from, DType to) implements Content.Placed {
  /** How many elements are copied before they are converted, where they can't be seen. */
  private static final long ELEMENTS = 1 << 18;

  /** Returns bytes of one type as bytes of another. */
  static Content.Placed of(Content.Placed source, DType from, DType to) {
    return to == from ? source : new ConvertedContent(source, from, to);
  }

  /** Files have each element at a multiple of its size, and blocks begin at larger multiples. */
  @Override
  public void read(long offset, MemorySegment target) throws IOException {
    long first = offset * Byte.SIZE / to.bits();
    long count = target.byteSize() * Byte.SIZE / to.bits();
    MemorySegment seen = source.memory();
    if (seen != null) {
      convert(seen.asSlice(from.byteSize(first), from.byteSize(count)), target);
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment copied = arena.allocate(from.byteSize(Math.min(ELEMENTS, count)), Long.BYTES);
      for (long done = 0; done < count; done += ELEMENTS) {
        long some = Math.min(ELEMENTS, count - done);
        MemorySegment part = copied.asSlice(0, from.byteSize(some));
        source.read(from.byteSize(first + done), part);
        convert(part, target.asSlice(to.byteSize(done), to.byteSize(some)));
      }
    }
  }

  private void convert(MemorySegment elements, MemorySegment target) {
    Conversions.convert(elements, from, target, to);
  }

  @Override
  public @Nullable MemorySegment memory() {
    return null;
  }

  @Override
  public boolean isConfined() {
    return source.isConfined();
  }
}
