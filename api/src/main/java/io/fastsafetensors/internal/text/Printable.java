// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.text;

/** Text of a file in messages: a file may give any text as a name, of any length. */
public final class Printable {
  private static final int MAX_CHARS = 200;

  private Printable() {}

  /**
   * Quotes a name for a one-line message.
   *
   * @param name any text
   * @return the name as {@link #line} shows it, in single quotes
   */
  public static String quote(String name) {
    return "'" + line(name) + "'";
  }

  /**
   * Makes text fit for a one-line message.
   *
   * @param text any text
   * @return the text, cut to a readable length, with what would break or disguise the line as
   *     escapes
   */
  public static String line(String text) {
    StringBuilder line = new StringBuilder();
    int shown = Math.min(text.length(), MAX_CHARS);
    int codePoint;
    for (int i = 0; i < shown; i += Character.charCount(codePoint)) {
      codePoint = text.codePointAt(i);
      append(line, codePoint);
    }
    if (shown < text.length()) {
      line.append("... (").append(text.length()).append(" characters)");
    }
    return line.toString();
  }

  private static void append(StringBuilder line, int codePoint) {
    switch (Character.getType(codePoint)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE ->
          line.append("\\u{").append(Integer.toHexString(codePoint)).append('}');
      default -> line.appendCodePoint(codePoint);
    }
  }
}
