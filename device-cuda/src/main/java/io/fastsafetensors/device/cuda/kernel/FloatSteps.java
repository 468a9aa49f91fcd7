// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda.kernel;

/**
 * Steps between floating-point types, on the bits in {@code %x}.
 *
 * <p>The device's own instructions make one NaN of all NaNs; the host keeps sign and upper payload
 * and sets the quiet bit, and so do these.
 */
final class FloatSteps {
  /** F16 to float: exact, by a multiplication that moves the exponent's bias, 2 to the 112. */
  static final String FROM_HALF =
      """
      cvt.u32.u64 %b, %x;
      and.b32 %c, %b, 0x7fff;
      shl.b32 %n, %c, 13;
      mov.b32 %f, %n;
      mul.rn.f32 %f, %f, 0f77800000;
      mov.b32 %n, %f;
      shl.b32 %e, %c, 13;
      or.b32 %e, %e, 0x7f800000;
      setp.ge.u32 %q, %c, 0x7c00;
      selp.b32 %n, %e, %n, %q;
      setp.gt.u32 %q, %c, 0x7c00;
      or.b32 %e, %n, 0x00400000;
      selp.b32 %n, %e, %n, %q;
      and.b32 %b, %b, 0x8000;
      shl.b32 %b, %b, 16;
      or.b32 %n, %n, %b;
      cvt.u64.u32 %x, %n;
      """;

  /** Float to F16, to nearest even. */
  static final String TO_HALF =
      """
      cvt.u32.u64 %b, %x;
      mov.b32 %f, %b;
      cvt.rn.f16.f32 %h, %f;
      setp.nan.f32 %q, %f, %f;
      shr.u32 %c, %b, 16;
      and.b32 %c, %c, 0x8000;
      shr.u32 %n, %b, 13;
      and.b32 %n, %n, 0x03ff;
      or.b32 %n, %n, %c;
      or.b32 %n, %n, 0x7e00;
      cvt.u16.u32 %k, %n;
      selp.b16 %h, %k, %h, %q;
      cvt.u64.u16 %x, %h;
      """;

  /** Float to BF16, to nearest even. */
  static final String TO_BFLOAT =
      """
      cvt.u32.u64 %b, %x;
      shr.u32 %c, %b, 16;
      and.b32 %e, %c, 1;
      add.u32 %n, %b, 0x7fff;
      add.u32 %n, %n, %e;
      shr.u32 %n, %n, 16;
      or.b32 %c, %c, 0x40;
      and.b32 %e, %b, 0x7fffffff;
      setp.gt.u32 %q, %e, 0x7f800000;
      selp.b32 %n, %c, %n, %q;
      cvt.u64.u32 %x, %n;
      """;

  /** Float to its upper half, the last bit set if a bit of the lower half was. */
  static final String ODD_UPPER_HALF =
      """
      cvt.u32.u64 %b, %x;
      shr.u32 %n, %b, 16;
      and.b32 %c, %b, 0xffff;
      setp.ne.u32 %q, %c, 0;
      or.b32 %c, %n, 1;
      selp.b32 %n, %c, %n, %q;
      cvt.u64.u32 %x, %n;
      """;

  /** Float to double: exact. */
  static final String WIDEN =
      """
      cvt.u32.u64 %b, %x;
      mov.b32 %f, %b;
      cvt.f64.f32 %d, %f;
      mov.b64 %x, %d;
      and.b32 %c, %b, 0x7fffff;
      cvt.u64.u32 %t, %c;
      shl.b64 %t, %t, 29;
      or.b64 %t, %t, 0x7ff8000000000000;
      setp.nan.f32 %q, %f, %f;
      selp.b64 %x, %t, %x, %q;
      shr.u32 %b, %b, 31;
      cvt.u64.u32 %t, %b;
      shl.b64 %t, %t, 63;
      or.b64 %x, %x, %t;
      """;

  /** Double to float: %s rounds {@code %d} to the bits in {@code %b}. */
  static final String NARROW =
      """
      mov.b64 %%d, %%x;
      %s
      setp.nan.f64 %%q, %%d, %%d;
      shr.u64 %%t, %%x, 29;
      cvt.u32.u64 %%c, %%t;
      and.b32 %%c, %%c, 0x7fffff;
      shr.u64 %%t, %%x, 32;
      cvt.u32.u64 %%e, %%t;
      and.b32 %%e, %%e, 0x80000000;
      or.b32 %%c, %%c, %%e;
      or.b32 %%c, %%c, 0x7fc00000;
      selp.b32 %%b, %%c, %%b, %%q;
      cvt.u64.u32 %%x, %%b;
      """;

  /** Rounds {@code %d} to odd. */
  static final String NARROW_ODD =
      """
      cvt.rz.f32.f64 %f, %d;
      cvt.f64.f32 %g, %f;
      mov.b32 %b, %f;
      setp.ne.f64 %q, %g, %d;
      or.b32 %c, %b, 1;
      selp.b32 %b, %c, %b, %q;
      """
          .stripTrailing();

  /** A 64-bit integer, whose kind is %1$s, to float, rounded to odd. */
  static final String INTEGER_ODD =
      """
      cvt.rz.f32.%1$s %%f, %%x;
      cvt.rzi.%1$s.f32 %%t, %%f;
      mov.b32 %%b, %%f;
      setp.ne.u64 %%q, %%t, %%x;
      or.b32 %%c, %%b, 1;
      selp.b32 %%b, %%c, %%b, %%q;
      cvt.u64.u32 %%x, %%b;
      """;

  private FloatSteps() {}
}
