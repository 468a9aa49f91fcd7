// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.ConversionReport;
import io.fastsafetensors.format.DType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Counts tensors by type and what becomes of it, in the order of the first of each. */
final class ConversionCounts {
  private final Map<Kind, Integer> counts = new LinkedHashMap<>();

  private record Kind(DType from, ConversionRule.Choice choice) {}

  void add(DType from, ConversionRule.Choice choice) {
    counts.merge(new Kind(from, choice), 1, Integer::sum);
  }

  List<ConversionReport> reports() {
    return counts.entrySet().stream()
        .map(e ->
            ConversionReport.builder(e.getKey().from(), e.getKey().choice().to())
                .tensors(e.getValue())
                .reason(e.getKey().choice().reason())
                .build())
        .toList();
  }
}
