// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.convert;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.internal.convert.ConversionBlock.Step;
import java.lang.foreign.MemorySegment;

/** Conversions of 8 to 16 bits: quicker to look up than to compute, and the table is small. */
final class Lookup {
  private static final int CODES = 1 << Byte.SIZE;

  private Lookup() {}

  /** Tells whether a pair has the sizes that are looked up. */
  static boolean fits(DType from, DType to) {
    return from.bits() == Byte.SIZE && to.bits() == Short.SIZE;
  }

  /** Replaces the steps of a conversion by a table of what they make of all sources. */
  static Step of(Step computed) {
    short[] table = table(computed);
    return Step.sequence(
        Transfers::loadBytes,
        b -> {
          for (int i = 0; i < b.size; i++) {
            b.shorts[i] = table[Byte.toUnsignedInt(b.bytes[i])];
          }
        },
        Transfers::storeShorts);
  }

  private static short[] table(Step computed) {
    byte[] sources = new byte[CODES];
    for (int code = 0; code < CODES; code++) {
      sources[code] = (byte) code;
    }
    MemorySegment targets = MemorySegment.ofArray(new short[CODES]);
    computed.runAll(new ConversionBlock(MemorySegment.ofArray(sources), targets, CODES), 0, CODES);
    return targets.toArray(Layouts.SHORT);
  }
}
