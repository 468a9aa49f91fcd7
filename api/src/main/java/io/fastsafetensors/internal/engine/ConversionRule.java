// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.DTypeRule;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Reason;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.TensorInfo;
import io.fastsafetensors.internal.plan.Catalog;
import io.fastsafetensors.internal.plan.NameFilter;
import io.fastsafetensors.internal.text.Printable;
import java.util.ArrayList;
import java.util.List;

/** Says which type some tensors get while loading, and why. */
sealed interface ConversionRule {
  /**
   * What becomes of a tensor.
   *
   * @param to the type in memory
   * @param reason what said so
   */
  record Choice(DType to, Reason reason) {}

  /** Returns the rules of options, in the order in which they count. */
  static List<ConversionRule> of(LoadOptions options) {
    List<ConversionRule> rules = new ArrayList<>();
    options.dtypeRules().forEach(rule -> rules.add(new Named(rule)));
    options.dtype().ifPresent(dtype -> rules.add(new FloatingPoint(dtype)));
    return List.copyOf(rules);
  }

  /** Tells whether this rule is for a tensor. */
  boolean matches(TensorInfo tensor);

  /** Says what becomes of a tensor that it matches. */
  Choice choice(TensorInfo tensor);

  /**
   * Checks that the rule is of use.
   *
   * @throws IllegalArgumentException if it names none of the tensors
   */
  void checkMatches(Catalog all);

  /** A rule for names: it converts whatever it is told to. */
  record Named(DTypeRule rule, NameFilter names) implements ConversionRule {
    Named(DTypeRule rule) {
      this(rule, new NameFilter(List.of(rule.glob())));
    }

    @Override
    public boolean matches(TensorInfo tensor) {
      return names.test(tensor.name());
    }

    @Override
    public Choice choice(TensorInfo tensor) {
      return new Choice(
          rule.dtype().orElse(tensor.dtype()),
          Reason.of("dtype.rule", "rule {rule}").with("rule", rule.toString()));
    }

    @Override
    public void checkMatches(Catalog all) {
      names
          .fault(all.keys())
          .ifPresent(fault -> {
            throw new IllegalArgumentException(
                "dtype rule " + Printable.quote(rule.toString()) + ": " + fault);
          });
    }
  }

  /** A rule for all tensors: numbers of floating point that need no scale are converted. */
  record FloatingPoint(DType to) implements ConversionRule {
    @Override
    public boolean matches(TensorInfo tensor) {
      return true;
    }

    @Override
    public Choice choice(TensorInfo tensor) {
      DType from = tensor.dtype();
      return switch (from) {
        case F64, F32, F16, BF16 ->
            new Choice(to, Reason.of("dtype.option", "dtype {dtype}").with("dtype", to.name()));
        case F8_E5M2, F8_E4M3, F8_E4M3FNUZ, F8_E5M2FNUZ ->
            left(
                from,
                "dtype.scaled",
                "8-bit floats go with a scale, so that only a rule converts them");
        case F8_E8M0 -> left(from, "dtype.scale", "a scale, not a number");
        case F4, F6_E2M3, F6_E3M2 -> left(from, "dtype.packed", "packed");
        case C64 -> left(from, "dtype.complex", "complex");
        case BOOL, U8, I8, U16, I16, U32, I32, U64, I64 ->
            left(from, "dtype.not-floating-point", "no floating-point type");
      };
    }

    private static Choice left(DType from, String code, String text) {
      return new Choice(from, Reason.of(code, text));
    }

    @Override
    public void checkMatches(Catalog all) {}
  }
}
