// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.convert;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.internal.convert.ConversionBlock.Form;
import io.fastsafetensors.internal.convert.ConversionBlock.Step;
import java.util.Optional;

/**
 * How elements of a type are read.
 *
 * @param form what they are then
 * @param load brings them into that form
 */
record Source(Form form, Step load) {
  private static final long UNSIGNED_INT = 0xffff_ffffL;

  /** Returns how a type is read, or empty if its elements have no single real value. */
  static Optional<Source> of(DType type) {
    return switch (type) {
      case BOOL -> bytes(Form.LONGS, Source::booleans);
      case I8 -> bytes(Form.LONGS, Source::signedBytes);
      case U8 -> bytes(Form.LONGS, Source::unsignedBytes);
      case I16 -> shorts(Form.LONGS, Source::signedShorts);
      case U16 -> shorts(Form.LONGS, Source::unsignedShorts);
      case I32 -> known(Form.LONGS, Transfers::loadInts, Source::signedInts);
      case U32 -> known(Form.LONGS, Transfers::loadInts, Source::unsignedInts);
      case I64 -> known(Form.LONGS, Transfers::loadLongs);
      case U64 -> known(Form.UNSIGNED, Transfers::loadLongs);
      case F16 -> shorts(Form.FLOATS, Source::halves);
      case BF16 -> shorts(Form.FLOATS, Source::brainFloats);
      case F32 -> known(Form.FLOATS, Transfers::loadFloats);
      case F64 -> known(Form.DOUBLES, Transfers::loadDoubles);
      case F8_E8M0 -> decoded(Scale.numbers());
      case F8_E4M3, F8_E5M2, F8_E4M3FNUZ, F8_E5M2FNUZ ->
          Minifloat.of(type).flatMap(minifloat -> decoded(minifloat.numbers()));
      case F4, F6_E2M3, F6_E3M2, C64 -> Optional.empty();
    };
  }

  private static Optional<Source> known(Form form, Step... steps) {
    return Optional.of(new Source(form, Step.sequence(steps)));
  }

  private static Optional<Source> bytes(Form form, Step decode) {
    return known(form, Transfers::loadBytes, decode);
  }

  private static Optional<Source> shorts(Form form, Step decode) {
    return known(form, Transfers::loadShorts, decode);
  }

  private static Optional<Source> decoded(float[] numbers) {
    return bytes(
        Form.FLOATS,
        b -> {
          for (int i = 0; i < b.size; i++) {
            b.floats[i] = numbers[Byte.toUnsignedInt(b.bytes[i])];
          }
        });
  }

  private static void booleans(ConversionBlock b) {
    for (int i = 0; i < b.size; i++) {
      b.longs[i] = FormSteps.truth(b.bytes[i]);
    }
  }

  private static void signedBytes(ConversionBlock b) {
    for (int i = 0; i < b.size; i++) {
      b.longs[i] = b.bytes[i];
    }
  }

  private static void unsignedBytes(ConversionBlock b) {
    for (int i = 0; i < b.size; i++) {
      b.longs[i] = Byte.toUnsignedLong(b.bytes[i]);
    }
  }

  private static void signedShorts(ConversionBlock b) {
    for (int i = 0; i < b.size; i++) {
      b.longs[i] = b.shorts[i];
    }
  }

  private static void unsignedShorts(ConversionBlock b) {
    for (int i = 0; i < b.size; i++) {
      b.longs[i] = Short.toUnsignedLong(b.shorts[i]);
    }
  }

  private static void signedInts(ConversionBlock b) {
    for (int i = 0; i < b.size; i++) {
      b.longs[i] = b.ints[i];
    }
  }

  private static void unsignedInts(ConversionBlock b) {
    for (int i = 0; i < b.size; i++) {
      b.longs[i] = b.ints[i] & UNSIGNED_INT;
    }
  }

  private static void halves(ConversionBlock b) {
    for (int i = 0; i < b.size; i++) {
      b.floats[i] = Float.float16ToFloat(b.shorts[i]);
    }
  }

  private static void brainFloats(ConversionBlock b) {
    for (int i = 0; i < b.size; i++) {
      b.floats[i] = Float.intBitsToFloat(b.shorts[i] << Short.SIZE);
    }
  }

  /**
   * F8_E8M0, the scale of the OCP microscaling formats, revision 1.0: a power of two or NaN.
   *
   * <p>Numbers aren't converted to it: it has neither sign nor zero, and the specification leaves
   * rounding to whoever chooses scales.
   */
  static final class Scale {
    private static final int BIAS = 127;
    private static final int NAN = 0xff;
    private static final float[] NUMBERS = decodeAll();

    private Scale() {}

    /** Returns the table of the numbers of all codes. */
    static float[] numbers() {
      return NUMBERS;
    }

    private static float[] decodeAll() {
      float[] all = new float[NAN + 1];
      for (int code = 0; code < NAN; code++) {
        all[code] = Math.scalb(1f, code - BIAS);
      }
      all[NAN] = Float.NaN;
      return all;
    }
  }
}
