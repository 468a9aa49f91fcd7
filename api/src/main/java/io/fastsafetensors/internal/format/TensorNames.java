// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.format;

/** Tensor names in messages: a file may give any text as a name, of any length. */
public final class TensorNames {
  private static final int MAX_SHOWN = 200;

  private TensorNames() {}

  /**
   * Quotes a name for a one-line message.
   *
   * @param name any text
   * @return the name in single quotes, cut to a readable length, with what would break or disguise
   *     the line as Unicode escapes
   */
  public static String quote(String name) {
    StringBuilder quoted = new StringBuilder("'");
    int shown = Math.min(name.length(), MAX_SHOWN);
    for (int i = 0; i < shown; i += Character.charCount(name.codePointAt(i))) {
      append(quoted, name.codePointAt(i));
    }
    quoted.append('\'');
    if (shown < name.length()) {
      quoted.append("... (").append(name.length()).append(" characters)");
    }
    return quoted.toString();
  }

  private static void append(StringBuilder quoted, int codePoint) {
    switch (Character.getType(codePoint)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE ->
          quoted.append("\\u{").append(Integer.toHexString(codePoint)).append('}');
      default -> quoted.appendCodePoint(codePoint);
    }
  }
}
