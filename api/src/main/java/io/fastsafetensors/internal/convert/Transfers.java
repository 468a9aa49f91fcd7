// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.convert;

import java.lang.foreign.MemorySegment;

/** Steps that bring a block's raw elements from the source, or take them to the target. */
final class Transfers {
  private Transfers() {}

  static void loadBytes(ConversionBlock b) {
    MemorySegment.copy(b.source, Layouts.BYTE, b.start, b.bytes, 0, b.size);
  }

  static void loadShorts(ConversionBlock b) {
    MemorySegment.copy(b.source, Layouts.SHORT, b.start * Short.BYTES, b.shorts, 0, b.size);
  }

  static void loadInts(ConversionBlock b) {
    MemorySegment.copy(b.source, Layouts.INT, b.start * Integer.BYTES, b.ints, 0, b.size);
  }

  static void loadLongs(ConversionBlock b) {
    MemorySegment.copy(b.source, Layouts.LONG, b.start * Long.BYTES, b.longs, 0, b.size);
  }

  static void loadFloats(ConversionBlock b) {
    MemorySegment.copy(b.source, Layouts.FLOAT, b.start * Float.BYTES, b.floats, 0, b.size);
  }

  static void loadDoubles(ConversionBlock b) {
    MemorySegment.copy(b.source, Layouts.DOUBLE, b.start * Double.BYTES, b.doubles, 0, b.size);
  }

  static void storeBytes(ConversionBlock b) {
    MemorySegment.copy(b.bytes, 0, b.target, Layouts.BYTE, b.start, b.size);
  }

  static void storeShorts(ConversionBlock b) {
    MemorySegment.copy(b.shorts, 0, b.target, Layouts.SHORT, b.start * Short.BYTES, b.size);
  }

  static void storeInts(ConversionBlock b) {
    MemorySegment.copy(b.ints, 0, b.target, Layouts.INT, b.start * Integer.BYTES, b.size);
  }

  static void storeLongs(ConversionBlock b) {
    MemorySegment.copy(b.longs, 0, b.target, Layouts.LONG, b.start * Long.BYTES, b.size);
  }

  static void storeFloats(ConversionBlock b) {
    MemorySegment.copy(b.floats, 0, b.target, Layouts.FLOAT, b.start * Float.BYTES, b.size);
  }

  static void storeDoubles(ConversionBlock b) {
    MemorySegment.copy(b.doubles, 0, b.target, Layouts.DOUBLE, b.start * Double.BYTES, b.size);
  }
}
