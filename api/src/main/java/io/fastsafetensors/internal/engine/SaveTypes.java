// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.ConversionReport;
import io.fastsafetensors.SaveOptions;
import io.fastsafetensors.format.DType;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Which types tensors get in the files; immutable.
 *
 * @param rules what says so
 */
record SaveTypes(List<ConversionRule> rules) {
  /**
   * Makes what options ask for.
   *
   * @throws IllegalArgumentException if a rule matches no tensor
   */
  static SaveTypes of(SaveOptions options, List<TensorSpec> tensors) {
    List<ConversionRule> rules = ConversionRule.of(options.dtypeRules(), options.dtype());
    if (!rules.isEmpty()) {
      Set<String> names = tensors.stream().map(TensorSpec::name).collect(Collectors.toSet());
      rules.forEach(rule -> rule.checkMatches(names));
    }
    return new SaveTypes(rules);
  }

  DType type(TensorSpec tensor) {
    return choice(tensor).to();
  }

  private ConversionRule.Choice choice(TensorSpec tensor) {
    return ConversionRule.choice(rules, tensor.name(), tensor.dtype());
  }

  /** Says what becomes of tensors; nothing if no conversion was asked for. */
  List<ConversionReport> report(List<TensorSpec> tensors) {
    ConversionCounts counts = new ConversionCounts();
    if (!rules.isEmpty()) {
      tensors.forEach(tensor -> counts.add(tensor.dtype(), choice(tensor)));
    }
    return counts.reports();
  }
}
