// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.Distribution;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Selection;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** The arguments that say what is wanted of a checkpoint. */
final class PartArguments {
  @Option(
      names = {"--select", "--filter"},
      paramLabel = "GLOB",
      description = "Load only tensors whose names match. Repeatable; each must match some.")
  private List<String> selected = new ArrayList<>();

  @ArgGroup(exclusive = true, multiplicity = "0..*")
  private List<RuleOption> rules = new ArrayList<>();

  @Option(
      names = "--distribution",
      paramLabel = "auto|owner|local|shared",
      description = {
        "Which rank reads which bytes: the rank that has the file, each rank its own parts,",
        "or each byte one rank. Without options for parts: of tensors that all ranks get whole."
      })
  private @Nullable Distribution distribution;

  /** One option, in the order of the command line: the first that matches a tensor counts. */
  static final class RuleOption {
    @Option(
        names = "--shard",
        paramLabel = "[GLOB=]DIM",
        converter = PartRule.Shard.class,
        description = {
          "Cut these tensors along a dimension, a part for each rank; without GLOB all that",
          "have it. Of the options for parts the first that matches a tensor counts, and",
          "what none matches is whole. All are repeatable; each must match some tensor."
        })
    private @Nullable PartRule shard;

    @Option(
        names = "--slice",
        paramLabel = "GLOB=[FROM:TO,...]",
        converter = PartRule.Slice.class,
        description = "A range of each dimension, as in 'w=[0:128,:]'; : is all of one.")
    private @Nullable PartRule slice;

    @Option(
        names = "--rows",
        paramLabel = "GLOB=ROW,...",
        converter = PartRule.Rows.class,
        description = "Rows of dimension 0, as in 'w=1,5,7-9'.")
    private @Nullable PartRule rows;

    @Option(
        names = "--numbered",
        paramLabel = "GLOB=NUMBER,...",
        converter = PartRule.Numbered.class,
        description = {
          "Of tensors with a number in their names, # in GLOB, only these, as in",
          "'*.experts.#.*=0,2,5-9'; or round-robin: rank r of N gets r, r+N, r+2N, ..."
        })
    private @Nullable PartRule numbered;

    private Stream<PartRule> rule() {
      return Stream.of(shard, slice, rows, numbered).filter(Objects::nonNull);
    }
  }

  private Stream<PartRule> rules() {
    return rules.stream().flatMap(RuleOption::rule);
  }

  /** Tells whether nothing was said, and all is wanted whole. */
  boolean isEmpty() {
    return selected.isEmpty() && !isForRanks();
  }

  /** Tells whether a load gives each rank its parts, rather than the group when it is asked. */
  boolean isForRanks() {
    return distribution != null || !rules.isEmpty();
  }

  /** Sets what all ranks have in common, if that was said. */
  void addTo(LoadOptions.Builder options) {
    if (!selected.isEmpty()) {
      options.filter(selected.toArray(String[]::new));
    }
    if (distribution != null) {
      options.distribution(distribution);
    }
  }

  /** Returns what a rank of a group wants of them. */
  Selection selection(int rank, int ranks) {
    Selection.Builder selection = Selection.builder();
    rules().forEach(rule -> rule.addTo(selection, rank, ranks));
    return selection.build();
  }

  /** Returns how a rank of a group would load, by these alone. */
  LoadOptions optionsOf(int rank, int ranks) {
    LoadOptions.Builder options = LoadOptions.builder().selection(selection(rank, ranks));
    addTo(options);
    return options.build();
  }
}
