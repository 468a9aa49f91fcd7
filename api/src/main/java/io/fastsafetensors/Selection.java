// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import io.fastsafetensors.format.TensorInfo;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.LongPredicate;
import java.util.function.Predicate;

/**
 * What a rank wants of a checkpoint: for each tensor a {@link Part}. Rules are asked in the order
 * in which they were added, and the first that matches a tensor counts. Immutable, and thread-safe
 * if the predicates are.
 *
 * {@snippet lang = java :
 * Selection mine =
 *     Selection.builder()
 *         .numbered("*.experts.#.*", expert -> expert % ranks == rank)
 *         .part("*.o_proj.weight", Part.shard(1))
 *         .part(info -> info.shape().dimensions() > 1, Part.shard(0))
 *         .build();
 * }
 *
 * <p>Each rank of a group has a selection of its own; they may differ.
 *
 * @since 0.1
 */
public final class Selection {
  private static final Selection ALL = builder().build();

  private final List<SelectionRule> rules;
  private final Part otherwise;

  private Selection(Builder builder) {
    this.rules = List.copyOf(builder.rules);
    this.otherwise = builder.otherwise;
  }

  /**
   * Wants all tensors, whole.
   *
   * @return the selection
   */
  public static Selection all() {
    return ALL;
  }

  /**
   * Wants the same part of every tensor that has its dimensions; the others, such as scalars, stay
   * whole. Same as a builder with one rule, {@link Builder#part(Part)}.
   *
   * @param part the part
   * @return the selection
   */
  public static Selection of(Part part) {
    return builder().part(part).build();
  }

  /**
   * Starts with no rule: all tensors are wanted whole.
   *
   * @return a builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /** {@return a builder with all rules of this} */
  public Builder toBuilder() {
    Builder builder = new Builder();
    builder.rules.addAll(rules);
    builder.otherwise = otherwise;
    return builder;
  }

  /**
   * Returns what is wanted of a tensor.
   *
   * @param tensor the tensor
   * @return the part
   */
  public Part part(TensorInfo tensor) {
    for (SelectionRule rule : rules) {
      if (rule.matches(tensor)) {
        return rule.part(tensor);
      }
    }
    return otherwise;
  }

  /**
   * Finds the patterns of names that no tensor matches: typing mistakes, most likely.
   *
   * @param tensors the tensors of the files
   * @return the patterns as they were given, in the order of their rules
   */
  public List<String> unmatched(Collection<TensorInfo> tensors) {
    return rules.stream().flatMap(rule -> rule.unmatched(tensors).stream()).toList();
  }

  /**
   * Finds what rules ask for that no tensor has: dimensions, and numbers in names.
   *
   * @param tensors the tensors of the files
   * @return a sentence each, in the order of the rules; none for patterns that are {@link
   *     #unmatched}
   */
  public List<String> missing(Collection<TensorInfo> tensors) {
    return rules.stream().flatMap(rule -> rule.missing(tensors).stream()).toList();
  }

  /** Returns the rules. */
  @Override
  public String toString() {
    return "Selection " + rules + ", otherwise " + otherwise;
  }

  /**
   * Makes selections; not thread-safe.
   *
   * @since 0.1
   */
  public static final class Builder {
    private final List<SelectionRule> rules = new ArrayList<>();
    private Part otherwise = Part.whole();

    private Builder() {}

    /**
     * Wants a part of tensors by name.
     *
     * @param glob a pattern in which {@code *} stands for any characters, also dots, and {@code ?}
     *     for one; a load fails with an {@code IllegalArgumentException} if it matches no tensor of
     *     the files
     * @param part the part
     * @return this
     */
    public Builder part(String glob, Part part) {
      rules.add(SelectionRule.byName(glob, part));
      return this;
    }

    /**
     * Wants a part of tensors by name, which may be another one for each: all rows from the tenth
     * on, say. Otherwise as {@link #part(String, Part)}.
     *
     * @param glob the pattern
     * @param part tells what is wanted of a tensor that matches; asked by any thread. What it
     *     throws, the load throws, before it reads any data
     * @return this
     */
    public Builder part(String glob, Function<TensorInfo, Part> part) {
      rules.add(SelectionRule.byName(glob, Objects.requireNonNull(part)));
      return this;
    }

    /**
     * Wants a part of every tensor that has its dimensions; the others, such as scalars, are left
     * to the rules that follow.
     *
     * @param part the part; a load fails with an {@code IllegalArgumentException}, before it reads
     *     any data, if there are tensors and none has these dimensions
     * @return this
     */
    public Builder part(Part part) {
      rules.add(SelectionRule.byDimensions(part));
      return this;
    }

    /**
     * Wants a part of tensors by what their file says of them.
     *
     * @param which tells whether the rule is for a tensor; asked by any thread. It may be for none
     * @param part the part
     * @return this
     */
    public Builder part(Predicate<TensorInfo> which, Part part) {
      rules.add(SelectionRule.byInfo(Objects.requireNonNull(which), part));
      return this;
    }

    /**
     * Keeps tensors by a number in their names, such as experts, layers or stages: those whose
     * number is wanted stay whole, the others are not wanted.
     *
     * @param pattern a pattern in which {@code #} stands for the number, in decimal digits; {@code
     *     *} and {@code ?} as in {@link #part(String, Part)}; a load fails if it matches no tensor
     * @param wanted tells whether a number is wanted; it may want none of those that there are, as
     *     for a rank that is left without experts. {@link #numbered(String, List, Part)} checks
     * @return this
     * @throws IllegalArgumentException if there is no {@code #}, or more than one
     */
    public Builder numbered(String pattern, LongPredicate wanted) {
      return numbered(pattern, wanted, Part.whole());
    }

    /**
     * Keeps a part of tensors by a number in their names; otherwise as {@link #numbered(String,
     * LongPredicate)}.
     *
     * @param pattern the pattern, with one {@code #}
     * @param wanted tells whether a number is wanted
     * @param part what is wanted of those that are
     * @return this
     * @throws IllegalArgumentException if there is no {@code #}, or more than one
     */
    public Builder numbered(String pattern, LongPredicate wanted, Part part) {
      rules.add(SelectionRule.byNumber(pattern, wanted, part));
      return this;
    }

    /**
     * Keeps a part of tensors by numbers in their names that must be there; otherwise as {@link
     * #numbered(String, LongPredicate, Part)}.
     *
     * @param pattern the pattern, with one {@code #}
     * @param wanted the numbers, from the first of a range on up to and without its end. A load
     *     fails with an {@code IllegalArgumentException}, before it reads any data, if of one of
     *     the ranges no tensor has a number
     * @param part what is wanted of those that have one
     * @return this
     * @throws IllegalArgumentException if there is no {@code #}, or more than one, or a range has
     *     no number
     */
    public Builder numbered(String pattern, List<Part.Range> wanted, Part part) {
      rules.add(SelectionRule.byNumbers(pattern, List.copyOf(wanted), part));
      return this;
    }

    /**
     * Sets what is wanted of tensors that no rule matches.
     *
     * @param part the part; all of it unless set
     * @return this
     */
    public Builder otherwise(Part part) {
      this.otherwise = Objects.requireNonNull(part);
      return this;
    }

    /**
     * Makes the selection; the builder can go on.
     *
     * @return the selection
     */
    public Selection build() {
      return new Selection(this);
    }
  }
}
