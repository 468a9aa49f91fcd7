// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import java.util.Locale;

/** How text and numbers are printed. */
final class Printing {
  private Printing() {}

  /**
   * Escapes control characters, as JSON does: names and messages come from files, and must neither
   * break a line-by-line format nor command the terminal.
   */
  static String oneLine(String text) {
    if (text.chars().noneMatch(Character::isISOControl)) {
      return text;
    }
    StringBuilder escaped = new StringBuilder();
    text.chars().forEach(c -> append(escaped, (char) c));
    return escaped.toString();
  }

  private static void append(StringBuilder target, char c) {
    switch (c) {
      case '\n' -> target.append("\\n");
      case '\r' -> target.append("\\r");
      case '\t' -> target.append("\\t");
      default -> {
        if (Character.isISOControl(c)) {
          target.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
        } else {
          target.append(c);
        }
      }
    }
  }

  /** Returns a number with four digits that count, so that tiny loads don't print as zero. */
  static String decimal(double value) {
    return value == 0 || value >= 0.001
        ? String.format(Locale.ROOT, "%.3f", value)
        : String.format(Locale.ROOT, "%.2e", value);
  }
}
