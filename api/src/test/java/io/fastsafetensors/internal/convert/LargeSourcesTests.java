// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.convert;

import io.fastsafetensors.format.DType;
import java.util.SplittableRandom;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Elements of 32 and 64 bits: those near every decision, and any. */
@Tag("slow")
class LargeSourcesTests {
  private static final int SAMPLES = 4_000;

  @Test
  void f32ConvertsAsInTheReference() {
    LongStream decisions = decisions().mapToLong(d -> Float.floatToRawIntBits((float) d));
    Elements.checkAll(withNeighbours(decisions, DType.F32), DType.F32);
  }

  @Test
  void f64ConvertsAsInTheReference() {
    LongStream decisions = decisions().mapToLong(Double::doubleToRawLongBits);
    Elements.checkAll(withNeighbours(decisions, DType.F64), DType.F64);
  }

  @ParameterizedTest
  @EnumSource(names = {"I32", "U32", "I64", "U64"})
  void integersConvertAsInTheReference(DType from) {
    LongStream powers =
        IntStream.range(0, from.bits())
            .boxed()
            .flatMapToInt(high -> IntStream.rangeClosed(0, high).map(low -> (high << 8) | low))
            .mapToLong(pair -> (1L << (pair >> 8)) | (1L << (pair & 0xff)));
    LongStream negated = LongStream.of(withNeighbours(powers, from)).map(bits -> -bits);
    Elements.checkAll(withNeighbours(negated, from), from);
  }

  /**
   * The numbers of the small types, the middles between them, where ties are, and the bounds of the
   * integers; of each sign, and for doubles too close to them for a float to tell.
   */
  private static DoubleStream decisions() {
    DoubleStream floats =
        FloatFormat.ALL.values().stream()
            .map(FloatFormat::ladder)
            .flatMapToDouble(LargeSourcesTests::stepsAndMiddles);
    DoubleStream bounds = IntStream.rangeClosed(0, 65).mapToDouble(i -> Math.pow(2, i));
    DoubleStream halves = IntStream.range(-300, 300).mapToDouble(i -> i / 2.0);
    DoubleStream floatBounds =
        DoubleStream.of(
            Float.MIN_VALUE,
            Float.MIN_VALUE / 2,
            Float.MIN_NORMAL,
            Float.MAX_VALUE,
            Float.MAX_VALUE + Math.ulp(Float.MAX_VALUE) / 2.0,
            Double.MIN_VALUE,
            Double.MAX_VALUE,
            Double.POSITIVE_INFINITY,
            Double.NaN);
    return DoubleStream.of(
            DoubleStream.concat(
                    DoubleStream.concat(floats, bounds), DoubleStream.concat(halves, floatBounds))
                .toArray())
        .flatMap(d -> DoubleStream.of(d, -d));
  }

  private static DoubleStream stepsAndMiddles(double[] ladder) {
    return IntStream.range(1, ladder.length)
        .filter(i -> i < 150 || i > ladder.length - 150 || i % 97 == 0)
        .boxed()
        .flatMapToDouble(i -> DoubleStream.of(ladder[i], ladder[i] / 2 + ladder[i - 1] / 2));
  }

  /** Adds the next elements on both sides, and random ones. */
  private static long[] withNeighbours(LongStream elements, DType type) {
    long mask = -1L >>> (Long.SIZE - type.bits());
    LongStream near = elements.flatMap(bits -> LongStream.of(bits - 1, bits, bits + 1));
    SplittableRandom random = new SplittableRandom(type.bits());
    LongStream any = random.longs(SAMPLES).map(bits -> bits >> random.nextInt(Long.SIZE));
    return LongStream.concat(near, LongStream.concat(any, random.longs(SAMPLES)))
        .map(bits -> bits & mask)
        .toArray();
  }
}
