// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.Part;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.TensorOptions;
import io.fastsafetensors.format.LoadException;
import java.util.List;
import java.util.NoSuchElementException;

/**
 * Says of each tensor whether and where it is cut.
 *
 * @param rules the rules, of which the first that matches counts
 */
record ShardRules(List<ShardRule> rules) {
  boolean isEmpty() {
    return rules.isEmpty();
  }

  /** Refuses a rule that no tensor matches: a typing mistake must not load whole tensors. */
  void checkAgainst(FileBuffer buffer) {
    for (ShardRule rule : rules) {
      if (buffer.keys().stream().noneMatch(rule::matches)) {
        throw new IllegalArgumentException(
            "--shard " + rule.name() + "=" + rule.dim() + ": " + fault(buffer, rule.name()));
      }
    }
  }

  /** Returns what the library says of a name that no loaded tensor has, with the nearest. */
  private static String fault(FileBuffer buffer, String name) {
    try {
      return "no loaded tensor has such a name, but " + buffer.info(name);
    } catch (NoSuchElementException e) {
      return String.valueOf(e.getMessage());
    }
  }

  /** Gives out a tensor: this rank's part where a rule says so, else the whole. */
  Tensor tensor(FileBuffer buffer, String name) throws LoadException {
    Part cut =
        rules.stream()
            .filter(rule -> rule.matches(name))
            .findFirst()
            .map(rule -> Part.shard(rule.dim()))
            .orElseGet(Part::whole);
    return buffer.tensor(name, TensorOptions.of(cut));
  }
}
