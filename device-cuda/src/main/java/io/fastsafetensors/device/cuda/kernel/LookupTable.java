// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda.kernel;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.toolkit.device.HostMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * What a type's codes, of at most 16 bits, become in another type, as the host converts them.
 *
 * @param from the type of the codes
 * @param to the other type
 */
record LookupTable(DType from, DType to) {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Returns the declaration of the table, to go before a kernel. */
  String text() {
    byte[] targets = targets();
    int width = to.bits() / Byte.SIZE;
    int codes = targets.length / width;
    return IntStream.range(0, codes)
        .mapToObj(code -> number(targets, code * width, width))
        .collect(
            Collectors.joining(
                ",", ".global .align 8 .b%s table[%s] = {".formatted(to.bits(), codes), "};"));
  }

  /** Returns the step that replaces the code in {@code %x}. */
  String step() {
    return """
    mov.u64 %%t, table;
    mad.lo.u64 %%t, %%x, %s, %%t;
    ld.global.u%s %%x, [%%t];
    """
        .formatted(to.bits() / Byte.SIZE, to.bits());
  }

  private byte[] targets() {
    int codes = 1 << from.bits();
    MemorySegment sources = MemorySegment.ofArray(new byte[codes * (from.bits() / Byte.SIZE)]);
    for (int code = 0; code < codes; code++) {
      if (from.bits() == Byte.SIZE) {
        sources.set(ValueLayout.JAVA_BYTE, code, (byte) code);
      } else {
        sources.setAtIndex(SHORT, code, (short) code);
      }
    }
    MemorySegment targets = MemorySegment.ofArray(new byte[Math.toIntExact(to.byteSize(codes))]);
    HostMemory.convert(sources, from, targets, to);
    return targets.toArray(ValueLayout.JAVA_BYTE);
  }

  private static String number(byte[] littleEndian, int start, int width) {
    long bits = 0;
    for (int i = width - 1; i >= 0; i--) {
      bits = bits << Byte.SIZE | Byte.toUnsignedLong(littleEndian[start + i]);
    }
    return "0x" + Long.toHexString(bits);
  }
}
