// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.format.DType;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A value of {@code --dtype}.
 *
 * @param glob which tensors; empty for all of floating point
 * @param dtype what they become; empty leaves them as they are
 */
record DtypeOption(Optional<String> glob, Optional<DType> dtype) {
  private static final String AS_IS = "asis";

  /**
   * Options that take rules: of a load or of a save.
   *
   * @param all takes the type for all of floating point
   * @param byName takes a glob and the type for what matches it
   * @param asIs takes a glob of what stays
   */
  record Rules(Consumer<DType> all, BiConsumer<String, DType> byName, Consumer<String> asIs) {}

  /** Adds several to the options, in their order. */
  static void addTo(Rules rules, List<DtypeOption> values) {
    if (values.stream().filter(value -> value.glob.isEmpty()).count() > 1) {
      throw new IllegalArgumentException("--dtype: one TYPE for all, the others as GLOB=TYPE");
    }
    values.forEach(value -> value.addTo(rules));
  }

  private void addTo(Rules rules) {
    if (glob.isEmpty()) {
      dtype.ifPresent(rules.all);
    } else if (dtype.isEmpty()) {
      rules.asIs.accept(glob.get());
    } else {
      rules.byName.accept(glob.get(), dtype.get());
    }
  }

  /** Reads {@code TYPE}, {@code GLOB=TYPE} or {@code GLOB=asis}; names may have a {@code =}. */
  static final class Converter implements ITypeConverter<DtypeOption> {
    @Override
    public DtypeOption convert(String text) {
      int equals = text.lastIndexOf('=');
      String type = text.substring(equals + 1);
      if (equals < 0) {
        return new DtypeOption(Optional.empty(), Optional.of(dtype(type)));
      }
      Optional<DType> to =
          type.equalsIgnoreCase(AS_IS) ? Optional.empty() : Optional.of(dtype(type));
      return new DtypeOption(Optional.of(text.substring(0, equals)), to);
    }

    private static DType dtype(String text) {
      return DType.ofTag(text.toUpperCase(Locale.ROOT))
          .orElseThrow(() ->
              new TypeConversionException(
                  "'%s' is no type: want one of %s, or GLOB=TYPE, or GLOB=%s"
                      .formatted(
                          text,
                          Stream.of(DType.values())
                              .map(DType::name)
                              .collect(Collectors.joining(", ")),
                          AS_IS)));
    }
  }
}
