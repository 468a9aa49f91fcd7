// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.convert;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.internal.convert.ConversionBlock.Form;
import io.fastsafetensors.internal.convert.ConversionBlock.Step;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** Joins the steps of a conversion: load, change of form, store. */
final class Pipelines {
  private static final Step NONE = block -> {};

  /** What was joined before: to convert a single element takes less than to join. */
  private static final Map<Pair, Optional<Step>> KNOWN = new ConcurrentHashMap<>();

  private Pipelines() {}

  private record Pair(DType from, DType to) {}

  /** Returns the steps from a type to another, or empty if one of them can't take part. */
  static Optional<Step> of(DType from, DType to) {
    return KNOWN.computeIfAbsent(new Pair(from, to), _ -> join(from, to));
  }

  private static Optional<Step> join(DType from, DType to) {
    if (from == DType.BF16 && to == DType.F32) {
      return Optional.of(Bf16::toF32);
    }
    Optional<Target> known = Target.of(to);
    if (from == DType.F32 && known.flatMap(Target::storeBits).isPresent()) {
      return known.flatMap(Target::storeBits).map(s -> Step.sequence(Transfers::loadInts, s));
    }
    Optional<Step> computed =
        Source.of(from).flatMap(source -> known.map(target -> joined(source, target, to)));
    return Lookup.fits(from, to) ? computed.map(Lookup::of) : computed;
  }

  private static Step joined(Source source, Target target, DType to) {
    Step between =
        switch (target.form()) {
          case FLOATS -> toFloats(source.form(), to);
          case DOUBLES -> toDoubles(source.form());
          case LONGS, UNSIGNED -> toLongs(source.form(), to);
        };
    return Step.sequence(source.load(), between, target.store());
  }

  /** Rounds once: here if the target is F32, in the target's own step if it is smaller. */
  private static Step toFloats(Form form, DType to) {
    Step narrow = to == DType.F32 ? FormSteps::narrow : FormSteps::narrowOdd;
    return switch (form) {
      case FLOATS -> NONE;
      case DOUBLES -> narrow;
      case LONGS -> Step.sequence(FormSteps::toDoublesOdd, narrow);
      case UNSIGNED -> Step.sequence(FormSteps::unsignedToDoublesOdd, narrow);
    };
  }

  private static Step toDoubles(Form form) {
    return switch (form) {
      case FLOATS -> FormSteps::widen;
      case DOUBLES -> NONE;
      case LONGS -> FormSteps::toDoubles;
      case UNSIGNED -> FormSteps::unsignedToDoubles;
    };
  }

  private static Step toLongs(Form form, DType to) {
    return switch (form) {
      case FLOATS -> Step.sequence(FormSteps::widen, truncate(to));
      case DOUBLES -> truncate(to);
      case LONGS, UNSIGNED -> to == DType.BOOL ? FormSteps::longsToTruth : NONE;
    };
  }

  private static Step truncate(DType to) {
    return switch (to) {
      case BOOL -> FormSteps::doublesToTruth;
      case U64 -> FormSteps::truncateUnsigned;
      case U8, U16, U32 -> FormSteps.truncate(0, (1L << to.bits()) - 1);
      default -> FormSteps.truncate(-1L << (to.bits() - 1), ~(-1L << (to.bits() - 1)));
    };
  }
}
