// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.values;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.internal.values.ElementText.Column;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** The values of a tensor in brackets, laid out as torch does it. */
public final class ValueText {
  /** How long a line may get. */
  private static final int LINE = 80;

  private final Excerpt excerpt;
  private final Column elements;
  private int used;

  private ValueText(Excerpt excerpt, Column elements) {
    this.excerpt = excerpt;
    this.elements = elements;
  }

  /** Tells whether values of a type can be shown; those of packed types can't. */
  public static boolean isKnown(DType dtype) {
    return ElementText.isKnown(dtype);
  }

  /**
   * Lays out values.
   *
   * @param dtype their type
   * @param excerpt which elements they are
   * @param values those elements, side by side
   * @param indent where the text starts in its line
   */
  public static String of(DType dtype, Excerpt excerpt, MemorySegment values, int indent) {
    return new ValueText(excerpt, ElementText.write(dtype, values)).block(0, indent);
  }

  private String block(int dim, int indent) {
    if (dim == excerpt.rank()) {
      return elements.texts().get(used++);
    }
    boolean innermost = dim == excerpt.rank() - 1;
    List<String> items = new ArrayList<>();
    for (long i = 0; i < excerpt.dim(dim); i = excerpt.next(dim, i)) {
      items.add(block(dim + 1, indent + 1));
      if (excerpt.isGapAfter(dim, i)) {
        items.add(innermost ? " ..." : "...");
      }
    }
    String newLine = "\n".repeat(Math.max(1, excerpt.rank() - 1 - dim)) + " ".repeat(indent + 1);
    return "[" + String.join("," + newLine, innermost ? lines(items, indent) : items) + "]";
  }

  /** Puts as many elements into a line as fit. */
  private List<String> lines(List<String> items, int indent) {
    int each = Math.max(1, (LINE - indent) / (elements.width() + ", ".length()));
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < items.size(); i += each) {
      lines.add(String.join(", ", items.subList(i, Math.min(items.size(), i + each))));
    }
    return lines;
  }
}
