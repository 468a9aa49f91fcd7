// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A value of {@code --rename}.
 *
 * @param found what is replaced, wherever it is found in a name
 * @param replacement by what; {@code $1} is the first group
 */
record NameChange(Pattern found, String replacement) {
  String of(String name) {
    return found.matcher(name).replaceAll(replacement);
  }

  @Override
  public String toString() {
    return found + "=" + replacement;
  }

  /** Reads {@code REGEX=NAME}; the expression may have a {@code =}, the name may not. */
  static final class Converter implements ITypeConverter<NameChange> {
    @Override
    public NameChange convert(String text) {
      int equals = text.lastIndexOf('=');
      if (equals <= 0) {
        throw new TypeConversionException("'" + text + "': want REGEX=NAME, as in '^model\\.='");
      }
      try {
        Pattern found = Pattern.compile(text.substring(0, equals));
        NameChange change = new NameChange(found, text.substring(equals + 1));
        checkGroups(change, text);
        return change;
      } catch (PatternSyntaxException e) {
        throw new TypeConversionException(
            "'%s': %s near index %s".formatted(text, e.getDescription(), e.getIndex()));
      }
    }

    /** Finds a group that the expression lacks before a name does. */
    private static void checkGroups(NameChange change, String text) {
      Pattern anything = Pattern.compile(change.found + "|");
      try {
        var _ = anything.matcher("").replaceAll(change.replacement);
      } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
        throw new TypeConversionException("'" + text + "': " + e.getMessage());
      }
    }
  }
}
