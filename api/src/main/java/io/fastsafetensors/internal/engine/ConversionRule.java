// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.DTypeRule;
import io.fastsafetensors.Reason;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.internal.plan.NameFilter;
import io.fastsafetensors.internal.text.Printable;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Says which type some tensors get on their way, and why. */
sealed interface ConversionRule {
  /**
   * What becomes of a tensor.
   *
   * @param to the type in memory
   * @param reason what said so
   */
  record Choice(DType to, Reason reason) {}

  /** Returns the rules of options, in the order in which they count. */
  static List<ConversionRule> of(List<DTypeRule> named, Optional<DType> forAll) {
    List<ConversionRule> rules = new ArrayList<>();
    named.forEach(rule -> rules.add(new Named(rule)));
    forAll.ifPresent(dtype -> rules.add(new FloatingPoint(dtype)));
    return List.copyOf(rules);
  }

  /** Says what becomes of a tensor: the first rule that matches counts. */
  static Choice choice(List<ConversionRule> rules, String tensor, DType from) {
    for (ConversionRule rule : rules) {
      if (rule.matches(tensor)) {
        return rule.choice(from);
      }
    }
    return new Choice(from, Reason.of("dtype.no-rule", "no rule for it"));
  }

  /** Tells whether this rule is for a tensor of a name. */
  boolean matches(String tensor);

  /** Says what becomes of a tensor of a type that it matches. */
  Choice choice(DType from);

  /**
   * Checks that the rule is of use.
   *
   * @throws IllegalArgumentException if it names none of the tensors
   */
  void checkMatches(Set<String> all);

  /** A rule for names: it converts whatever it is told to. */
  record Named(DTypeRule rule, NameFilter names) implements ConversionRule {
    Named(DTypeRule rule) {
      this(rule, new NameFilter(List.of(rule.glob())));
    }

    @Override
    public boolean matches(String tensor) {
      return names.test(tensor);
    }

    @Override
    public Choice choice(DType from) {
      return new Choice(
          rule.dtype().orElse(from),
          Reason.of("dtype.rule", "rule {rule}").with("rule", rule.toString()));
    }

    @Override
    public void checkMatches(Set<String> all) {
      names
          .fault(all)
          .ifPresent(fault -> {
            throw new IllegalArgumentException(
                "dtype rule " + Printable.quote(rule.toString()) + ": " + fault);
          });
    }
  }

  /** A rule for all tensors: numbers of floating point that need no scale are converted. */
  record FloatingPoint(DType to) implements ConversionRule {
    @Override
    public boolean matches(String tensor) {
      return true;
    }

    @Override
    public Choice choice(DType from) {
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
    public void checkMatches(Set<String> all) {}
  }
}
