// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Which tensors are cut along which dimension.
 *
 * @param name a tensor's name, or a regular expression for whole names
 * @param pattern the name as an expression; null if it is none
 * @param dim the dimension, from 0
 */
record ShardRule(String name, @Nullable Pattern pattern, int dim) {
  boolean matches(String tensor) {
    return name.equals(tensor) || (pattern != null && pattern.matcher(tensor).matches());
  }

  /** Reads {@code NAME=DIM} or {@code REGEX=DIM}. */
  static final class Converter implements ITypeConverter<ShardRule> {
    @Override
    public ShardRule convert(String text) {
      int equals = text.lastIndexOf('=');
      String dim = text.substring(equals + 1);
      if (equals < 0 || !dim.matches("[0-9]{1,4}")) {
        throw new TypeConversionException(
            "'" + text + "' is no shard rule: want NAME=DIM or REGEX=DIM, as in '.*weight=1'");
      }
      String name = text.substring(0, equals);
      return new ShardRule(name, compile(name), Integer.parseInt(dim));
    }

    private static @Nullable Pattern compile(String name) {
      try {
        return Pattern.compile(name);
      } catch (PatternSyntaxException e) {
        // A name such as "a[0" is no expression, and still a name.
        return null;
      }
    }
  }
}
