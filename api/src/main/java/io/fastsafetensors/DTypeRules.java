// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import io.fastsafetensors.format.DType;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What becomes of tensors' types in a load or a save; immutable.
 *
 * @param all the type for floating-point tensors that no rule names; empty leaves each as it is
 * @param byName what becomes of tensors by name, the first rule that matches; unmodifiable
 * @param areInherited whether the rules come from outside, so that the program's first replaces all
 */
record DTypeRules(Optional<DType> all, List<DTypeRule> byName, boolean areInherited) {
  /** Leaves all tensors as they are. */
  static final DTypeRules NONE = new DTypeRules(Optional.empty(), List.of(), false);

  DTypeRules withAll(DType dtype) {
    OptionChecks.floatingPoint(dtype);
    return new DTypeRules(Optional.of(dtype), byName, areInherited);
  }

  DTypeRules converting(String glob, DType dtype) {
    return with(new DTypeRule(glob, Optional.of(dtype)));
  }

  DTypeRules keeping(String glob) {
    return with(new DTypeRule(glob, Optional.empty()));
  }

  private DTypeRules with(DTypeRule rule) {
    Stream<DTypeRule> before = areInherited ? Stream.empty() : byName.stream();
    return new DTypeRules(all, Stream.concat(before, Stream.of(rule)).toList(), false);
  }

  /** Marks the rules as set from outside. */
  DTypeRules inherited() {
    return new DTypeRules(all, byName, true);
  }

  /** Marks the rules as the program's own. */
  DTypeRules owned() {
    return new DTypeRules(all, byName, false);
  }
}
