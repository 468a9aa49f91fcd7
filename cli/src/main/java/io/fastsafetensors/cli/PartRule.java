// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.Part;
import io.fastsafetensors.Selection;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * What an option says of the tensors that it names. The part of the text after the last {@code =}
 * is what is wanted, so that names may have any character.
 */
interface PartRule {
  /** What says that each rank keeps every so many numbers. */
  String ROUND_ROBIN = "round-robin";

  /** Adds the rule to a rank's selection. */
  void addTo(Selection.Builder selection, int rank, int ranks);

  /** Reads {@code DIM} or {@code GLOB=DIM}. */
  final class Shard implements ITypeConverter<PartRule> {
    @Override
    public PartRule convert(String text) {
      int equals = text.lastIndexOf('=');
      String number = text.substring(equals + 1).strip();
      if (!number.matches("[0-9]{1,4}")) {
        throw new TypeConversionException(
            "'%s' is no shard: want DIM or GLOB=DIM with a dimension from 0, as in '*.weight=1'"
                .formatted(text));
      }
      int dim = Integer.parseInt(number);
      return equals < 0
          ? (selection, _, _) -> selection.part(Part.shard(dim))
          : (selection, _, _) -> selection.part(text.substring(0, equals), Part.shard(dim));
    }
  }

  /** Reads {@code GLOB=[FROM:TO,...]}. */
  final class Slice implements ITypeConverter<PartRule> {
    @Override
    public PartRule convert(String text) {
      Named named = Named.of(text, "[FROM:TO,...] as in 'w=[0:128,:]'");
      SliceText slice = SliceText.parse(named.wanted());
      return (selection, _, _) -> selection.part(named.glob(), slice::of);
    }
  }

  /** Reads {@code GLOB=ROW,...}. */
  final class Rows implements ITypeConverter<PartRule> {
    @Override
    public PartRule convert(String text) {
      Named named = Named.of(text, "ROW,... as in 'w=1,5,7-9'");
      Part rows = Part.rows(Numbers.parse(named.wanted()).all());
      return (selection, _, _) -> selection.part(named.glob(), rows);
    }
  }

  /** Reads {@code PATTERN=NUMBER,...} or {@code PATTERN=round-robin}. */
  final class Numbered implements ITypeConverter<PartRule> {
    @Override
    public PartRule convert(String text) {
      Named named =
          Named.of(text, "NUMBER,... or %s as in '*.experts.#.*=0-7'".formatted(ROUND_ROBIN));
      if (named.glob().chars().filter(c -> c == '#').count() != 1) {
        throw new TypeConversionException(
            "'%s': want one # where names have the number; a # that names have is a ?"
                .formatted(named.glob()));
      }
      if (named.wanted().equals(ROUND_ROBIN)) {
        return (selection, rank, ranks) ->
            selection.numbered(named.glob(), number -> number % ranks == rank);
      }
      Numbers numbers = Numbers.parse(named.wanted());
      return (selection, _, _) -> selection.numbered(named.glob(), numbers.ranges(), Part.whole());
    }
  }

  /**
   * A text of two sides.
   *
   * @param glob which tensors
   * @param wanted what is wanted of them
   */
  record Named(String glob, String wanted) {
    static Named of(String text, String form) {
      int equals = text.lastIndexOf('=');
      if (equals < 0) {
        throw new TypeConversionException(
            "'%s' names no tensor: want GLOB=%s".formatted(text, form));
      }
      return new Named(text.substring(0, equals), text.substring(equals + 1).strip());
    }
  }
}
