// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.convert;

import static java.util.stream.Collectors.joining;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.internal.convert.ConversionBlock.Step;
import io.fastsafetensors.internal.parallel.ParallelRanges;
import io.fastsafetensors.internal.parallel.RowCopies;
import java.lang.foreign.MemorySegment;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Converts elements between types by the tables of {@link DType}, in little-endian memory at any
 * address.
 */
public final class Conversions {
  /** The elements that a thread takes at a time; smaller jobs aren't worth a second thread. */
  private static final long GRAIN = 1L << 18;

  private Conversions() {}

  /** Tells whether a pair is known. */
  public static boolean canConvert(DType from, DType to) {
    return from == to || Pipelines.of(from, to).isPresent();
  }

  /**
   * Converts all elements of a segment, on all cores if they are many.
   *
   * @throws IllegalArgumentException if the pair is unknown, the sizes don't match, or the segments
   *     overlap
   */
  public static void convert(MemorySegment source, DType from, MemorySegment target, DType to) {
    long elements = elements(source, from);
    if (elements != elements(target, to)) {
      throw new IllegalArgumentException(
          "%s bytes of %s to convert into %s bytes of %s: not as many elements"
              .formatted(source.byteSize(), from, target.byteSize(), to));
    }
    if (source.asOverlappingSlice(target).isPresent()) {
      throw new IllegalArgumentException("source and target overlap");
    }
    if (from == to) {
      RowCopies.copyRows(
          source, source.byteSize(), target, target.byteSize(), 1, source.byteSize());
    } else {
      Step step = Pipelines.of(from, to).orElseThrow(() -> unknown(from, to));
      if (target.isNative() && target.byteSize() >= Staging.WORTH) {
        convertStaged(step, source, from, target, to);
      } else {
        ParallelRanges.run(
            elements,
            GRAIN,
            (start, end) ->
                step.runAll(new ConversionBlock(source, target, end - start), start, end),
            source,
            target);
      }
    }
  }

  private static void convertStaged(
      Step step, MemorySegment source, DType from, MemorySegment target, DType to) {
    try (Staging staging = new Staging(source, from, target, to)) {
      ParallelRanges.run(
          elements(target, to),
          staging.elements(),
          (start, end) -> staging.run(step, start, end),
          source,
          target);
    }
  }

  private static long elements(MemorySegment segment, DType type) {
    long bits = Math.multiplyExact(segment.byteSize(), (long) Byte.SIZE);
    if (bits % type.bits() != 0) {
      throw new IllegalArgumentException(
          segment.byteSize() + " bytes are not a whole number of elements of " + type);
    }
    return bits / type.bits();
  }

  private static IllegalArgumentException unknown(DType from, DType to) {
    return new IllegalArgumentException(
        "no conversion from %s to %s: %s converts to %s only, and %s comes from %s only"
            .formatted(
                from,
                to,
                from,
                types(type -> canConvert(from, type)),
                to,
                types(type -> canConvert(type, to))));
  }

  private static String types(Predicate<DType> wanted) {
    return Stream.of(DType.values()).filter(wanted).map(DType::name).collect(joining(", "));
  }
}
