// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda.kernel;

import io.fastsafetensors.format.DType;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The text of a kernel that converts elements of one type to another: in a loop, load the bits of
 * an element, change them, store them.
 *
 * <p>In PTX ISA 6.0 for compute capability 5.0, which each driver for CUDA 12 or later compiles for
 * whatever device there is. No instruction of it is newer, so 8-bit types are looked up in tables,
 * which the host's own conversion fills.
 *
 * @param from the type read
 * @param to the type written
 * @param aligned whether all elements start at multiples of their sizes; a device can't load nor
 *     store others but byte by byte
 */
record KernelText(DType from, DType to, boolean aligned) {
  private static final String FRAME =
      """
      .version 6.0
      .target sm_50
      .address_size 64
      {table}
      .visible .entry {name}(.param .u64 source, .param .u64 target, .param .u64 count)
      {
        .reg .pred %done, %q;
        .reg .b16 %h, %k;
        .reg .b32 %b, %c, %e, %n, %block, %threads, %thread, %blocks;
        .reg .f32 %f;
        .reg .b64 %x, %t, %i, %end, %step, %from, %to, %source, %target;
        .reg .f64 %d, %g;
        ld.param.u64 %source, [source];
        cvta.to.global.u64 %source, %source;
        ld.param.u64 %target, [target];
        cvta.to.global.u64 %target, %target;
        ld.param.u64 %end, [count];
        mov.u32 %block, %ctaid.x;
        mov.u32 %threads, %ntid.x;
        mov.u32 %thread, %tid.x;
        mov.u32 %blocks, %nctaid.x;
        mul.wide.u32 %i, %block, %threads;
        cvt.u64.u32 %t, %thread;
        add.u64 %i, %i, %t;
        mul.wide.u32 %step, %blocks, %threads;
      NEXT:
        setp.ge.u64 %done, %i, %end;
        @%done bra END;
        mad.lo.u64 %from, %i, {read}, %source;
        mad.lo.u64 %to, %i, {written}, %target;
      {body}
        add.u64 %i, %i, %step;
        bra NEXT;
      END:
        ret;
      }
      """;

  /** Puts byte %1$d of an element at bit %2$d. */
  private static final String LOAD_BYTE =
      """
      ld.global.u8 %%t, [%%from+%1$d];
      shl.b64 %%t, %%t, %2$d;
      or.b64 %%x, %%x, %%t;
      """;

  private static final String STORE_BYTE =
      """
      shr.u64 %%t, %%x, %2$d;
      st.global.u8 [%%to+%1$d], %%t;
      """;

  /** Returns the name of the kernel. */
  String name() {
    String pair = (from + "_to_" + to).toLowerCase(Locale.ROOT);
    return aligned ? pair : pair + "_unaligned";
  }

  /** Returns the text of a module with the kernel alone. */
  String text() {
    Steps steps = Steps.of(from, to);
    String body = load() + steps.text() + store();
    return FRAME
        .replace("{table}", steps.table().map(LookupTable::text).orElse(""))
        .replace("{name}", name())
        .replace("{read}", String.valueOf(bytes(from)))
        .replace("{written}", String.valueOf(bytes(to)))
        .replace("{body}", body.indent(2).stripTrailing());
  }

  private static int bytes(DType type) {
    return type.bits() / Byte.SIZE;
  }

  private String load() {
    return aligned
        ? "ld.global.u%s %%x, [%%from];\n".formatted(from.bits())
        : "mov.u64 %x, 0;\n" + bytewise(from, LOAD_BYTE);
  }

  private String store() {
    return aligned ? "st.global.u%s [%%to], %%x;".formatted(to.bits()) : bytewise(to, STORE_BYTE);
  }

  private static String bytewise(DType type, String step) {
    return IntStream.range(0, bytes(type))
        .mapToObj(i -> step.formatted(i, i * Byte.SIZE))
        .collect(Collectors.joining());
  }
}
