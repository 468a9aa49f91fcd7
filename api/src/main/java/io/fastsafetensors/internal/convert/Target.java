// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.convert;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.internal.convert.ConversionBlock.Form;
import io.fastsafetensors.internal.convert.ConversionBlock.Step;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/**
 * How elements of a type are written.
 *
 * @param form what they must be before; never {@link Form#UNSIGNED}
 * @param store rounds them from that form, if it must, and writes them
 * @param storeBits does so from the bits of floats in {@link ConversionBlock#ints}, if {@code
 *     store} would
 */
record Target(Form form, Step store, Optional<Step> storeBits) {
  /** Returns how a type is written, or empty if a real number has no place in it. */
  static Optional<Target> of(DType type) {
    return switch (type) {
      case BOOL, I8, U8 -> known(Form.LONGS, Target::longsToBytes, Transfers::storeBytes);
      case I16, U16 -> known(Form.LONGS, Target::longsToShorts, Transfers::storeShorts);
      case I32, U32 -> known(Form.LONGS, Target::longsToInts, Transfers::storeInts);
      case I64, U64 -> known(Form.LONGS, Transfers::storeLongs);
      case F16 -> known(Form.FLOATS, Target::storeHalves);
      case BF16 -> ofBits(Bf16::round, Target::storeLowerHalves);
      case F32 -> known(Form.FLOATS, Transfers::storeFloats);
      case F64 -> known(Form.DOUBLES, Transfers::storeDoubles);
      case F8_E4M3, F8_E5M2, F8_E4M3FNUZ, F8_E5M2FNUZ ->
          Minifloat.of(type).flatMap(Target::encoded);
      case F8_E8M0, F4, F6_E2M3, F6_E3M2, C64 -> Optional.empty();
    };
  }

  private static Optional<Target> known(Form form, Step... steps) {
    return Optional.of(new Target(form, Step.sequence(steps), Optional.empty()));
  }

  private static Optional<Target> ofBits(Step... steps) {
    Step store = Step.sequence(steps);
    Step fromFloats = Step.sequence(Target::floatBits, store);
    return Optional.of(new Target(Form.FLOATS, fromFloats, Optional.of(store)));
  }

  private static Optional<Target> encoded(Minifloat minifloat) {
    Step lookUp =
        b -> {
          byte[] codes = minifloat.codes();
          for (int i = 0; i < b.size; i++) {
            b.bytes[i] = codes[b.ints[i]];
          }
        };
    return ofBits(Bf16::roundOdd, lookUp, Transfers::storeBytes);
  }

  /** Copies: a loop of {@code Float.floatToRawIntBits} doesn't vectorise. */
  private static void floatBits(ConversionBlock b) {
    MemorySegment floats = MemorySegment.ofArray(b.floats);
    MemorySegment.copy(floats, ValueLayout.JAVA_INT, 0, b.ints, 0, b.size);
  }

  /**
   * Writes native memory while computing: quicker than a copy; heap memory has {@link
   * ConversionBlock}'s way.
   */
  private static void storeHalves(ConversionBlock b) {
    if (b.target.isNative()) {
      long at = b.start * Short.BYTES;
      for (int i = 0; i < b.size; i++) {
        b.target.set(Layouts.SHORT, at + (long) i * Short.BYTES, Float.floatToFloat16(b.floats[i]));
      }
    } else {
      halves(b);
      Transfers.storeShorts(b);
    }
  }

  private static void halves(ConversionBlock b) {
    for (int i = 0; i < b.size; i++) {
      b.shorts[i] = Float.floatToFloat16(b.floats[i]);
    }
  }

  /** Writes native memory while it narrows, like {@link #storeHalves}. */
  private static void storeLowerHalves(ConversionBlock b) {
    if (b.target.isNative()) {
      long at = b.start * Short.BYTES;
      for (int i = 0; i < b.size; i++) {
        b.target.set(Layouts.SHORT, at + (long) i * Short.BYTES, (short) b.ints[i]);
      }
    } else {
      lowerHalves(b);
      Transfers.storeShorts(b);
    }
  }

  private static void lowerHalves(ConversionBlock b) {
    for (int i = 0; i < b.size; i++) {
      b.shorts[i] = (short) b.ints[i];
    }
  }

  private static void longsToBytes(ConversionBlock b) {
    for (int i = 0; i < b.size; i++) {
      b.bytes[i] = (byte) b.longs[i];
    }
  }

  private static void longsToShorts(ConversionBlock b) {
    for (int i = 0; i < b.size; i++) {
      b.shorts[i] = (short) b.longs[i];
    }
  }

  private static void longsToInts(ConversionBlock b) {
    for (int i = 0; i < b.size; i++) {
      b.ints[i] = (int) b.longs[i];
    }
  }
}
