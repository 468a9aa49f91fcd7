// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda.kernel;

import io.fastsafetensors.format.DType;
import java.util.Optional;

/**
 * What happens to the bits of an element in {@code %x} between load and store.
 *
 * @param text the instructions
 * @param table the table that they use, if any
 */
record Steps(String text, Optional<LookupTable> table) {
  /** What the bits in {@code %x} mean after the source's step. */
  private enum Form {
    FLOAT,
    DOUBLE,
    SIGNED,
    UNSIGNED
  }

  static Steps of(DType from, DType to) {
    if (from.bits() == Byte.SIZE) {
      LookupTable table = new LookupTable(from, to);
      return new Steps(table.step(), Optional.of(table));
    }
    Form form = form(from);
    String decoded = decode(from);
    return switch (to) {
      case F8_E4M3, F8_E5M2, F8_E4M3FNUZ, F8_E5M2FNUZ -> {
        // The upper half of a float rounded to odd is enough to round to 8 bits.
        LookupTable table = new LookupTable(DType.BF16, to);
        String codes = decoded + toOddFloat(form) + FloatSteps.ODD_UPPER_HALF;
        yield new Steps(codes + table.step(), Optional.of(table));
      }
      case F16 -> plain(decoded + toOddFloat(form) + FloatSteps.TO_HALF);
      case BF16 -> plain(decoded + toOddFloat(form) + FloatSteps.TO_BFLOAT);
      case F32 -> plain(decoded + toFloat(form));
      case F64 -> plain(decoded + toDouble(form));
      case BOOL -> plain(decoded + toTruth(form));
      default -> plain(decoded + toInteger(form, to));
    };
  }

  private static Steps plain(String text) {
    return new Steps(text, Optional.empty());
  }

  private static Form form(DType from) {
    return switch (from) {
      case F16, BF16, F32 -> Form.FLOAT;
      case F64 -> Form.DOUBLE;
      case U64 -> Form.UNSIGNED;
      case I16, U16, I32, U32, I64 -> Form.SIGNED;
      default -> throw new IllegalArgumentException("no conversion from " + from);
    };
  }

  private static String decode(DType from) {
    return switch (from) {
      case F16 -> FloatSteps.FROM_HALF;
      case BF16 -> "shl.b64 %x, %x, 16;\n";
      case I16 -> "cvt.s64.s16 %x, %x;\n";
      case I32 -> "cvt.s64.s32 %x, %x;\n";
      default -> "";
    };
  }

  /** Rounds to nearest even. */
  private static String toFloat(Form form) {
    return switch (form) {
      case FLOAT -> "";
      case DOUBLE -> FloatSteps.NARROW.formatted("cvt.rn.f32.f64 %f, %d;\nmov.b32 %b, %f;");
      case SIGNED -> "cvt.rn.f32.s64 %f, %x;\nmov.b32 %b, %f;\ncvt.u64.u32 %x, %b;\n";
      case UNSIGNED -> "cvt.rn.f32.u64 %f, %x;\nmov.b32 %b, %f;\ncvt.u64.u32 %x, %b;\n";
    };
  }

  /** Rounds to odd, so that a rounding to fewer bits can follow. */
  private static String toOddFloat(Form form) {
    return switch (form) {
      case FLOAT -> "";
      case DOUBLE -> FloatSteps.NARROW.formatted(FloatSteps.NARROW_ODD);
      case SIGNED -> FloatSteps.INTEGER_ODD.formatted("s64");
      case UNSIGNED -> FloatSteps.INTEGER_ODD.formatted("u64");
    };
  }

  private static String toDouble(Form form) {
    return switch (form) {
      case FLOAT -> FloatSteps.WIDEN;
      case DOUBLE -> "";
      case SIGNED -> "cvt.rn.f64.s64 %d, %x;\nmov.b64 %x, %d;\n";
      case UNSIGNED -> "cvt.rn.f64.u64 %d, %x;\nmov.b64 %x, %d;\n";
    };
  }

  private static String asDouble(Form form) {
    return form == Form.FLOAT
        ? "cvt.u32.u64 %b, %x;\nmov.b32 %f, %b;\ncvt.f64.f32 %d, %f;\n"
        : "mov.b64 %d, %x;\n";
  }

  private static boolean isReal(Form form) {
    return form == Form.FLOAT || form == Form.DOUBLE;
  }

  /** Makes 1 of all but zeros, also of NaN. */
  private static String toTruth(Form form) {
    String compared =
        isReal(form)
            ? asDouble(form) + "setp.neu.f64 %q, %d, 0d0000000000000000;\n"
            : "setp.ne.u64 %q, %x, 0;\n";
    return compared + "selp.u64 %x, 1, 0, %q;\n";
  }

  /** Cuts fractions off; what is out of bounds becomes the nearer bound, NaN becomes 0. */
  private static String toInteger(Form form, DType to) {
    if (!isReal(form)) {
      return ""; // the store takes the low bits
    }
    String kind = to == DType.U64 ? "u64" : "s64";
    return asDouble(form)
        + "cvt.rzi.%s.f64 %%x, %%d;\nsetp.nan.f64 %%q, %%d, %%d;\n".formatted(kind)
        + "selp.u64 %x, 0, %x, %q;\n"
        + bounds(to);
  }

  private static String bounds(DType to) {
    return switch (to) {
      case I64, U64 -> "";
      case U8, U16, U32 -> bounds(0, (1L << to.bits()) - 1);
      default -> bounds(-1L << (to.bits() - 1), ~(-1L << (to.bits() - 1)));
    };
  }

  private static String bounds(long least, long most) {
    return "max.s64 %%x, %%x, %s;\nmin.s64 %%x, %%x, %s;\n".formatted(least, most);
  }
}
