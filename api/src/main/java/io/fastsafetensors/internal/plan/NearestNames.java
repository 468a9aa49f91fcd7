// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import io.fastsafetensors.internal.text.Printable;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Finds names that were probably meant. */
public final class NearestNames {
  private static final int MOST = 3;
  private static final int MOST_SLIPS = 2;

  /** Nobody types longer names; comparing them would take long. */
  private static final int LONGEST = 500;

  private NearestNames() {}

  /** Returns the name that a slip of a key or two makes this one of; empty if there is none. */
  public static Optional<String> closeTo(String mistyped, Collection<String> names) {
    return names.stream()
        .filter(name -> !name.equals(mistyped) && distance(mistyped, false, name) <= MOST_SLIPS)
        .min(Comparator.comparingInt(name -> distance(mistyped, false, name)));
  }

  /** Returns the end of a message about one of a few names: the one meant, else all there are. */
  public static String suggestion(String mistyped, Collection<String> names) {
    return closeTo(mistyped, names)
        .map(name -> "did you mean '" + name + "'?")
        .orElseGet(() -> "there are: " + names.stream().sorted().collect(Collectors.joining(", ")));
  }

  /** Returns the end of a message: the nearest of the names there are. */
  static String hint(String wanted, Collection<String> names) {
    return hint(wanted, false, names);
  }

  /** Returns the same for a glob, in which {@code *} is any characters and {@code ?} is one. */
  static String globHint(String glob, Collection<String> names) {
    return hint(glob, true, names);
  }

  /** Returns the end of a message: the nearest of the settings there are. */
  public static String nearest(String wanted, Collection<String> names) {
    List<String> listed =
        names.stream()
            .filter(name -> Math.max(name.length(), wanted.length()) <= LONGEST)
            .sorted(
                Comparator.<String>comparingInt(name -> distance(wanted, false, name))
                    .thenComparing(Comparator.naturalOrder()))
            .limit(MOST)
            .toList();
    return listed.isEmpty() ? "there is none" : "the nearest: " + String.join(", ", listed);
  }

  private static String hint(String wanted, boolean isGlob, Collection<String> names) {
    if (names.isEmpty()) {
      return "; there are no tensors";
    }
    record Scored(String name, int distance) {}
    List<Scored> nearest =
        names.stream()
            .filter(name -> Math.max(name.length(), wanted.length()) <= LONGEST)
            .map(name -> new Scored(name, distance(wanted, isGlob, name)))
            .sorted(Comparator.comparingInt(Scored::distance))
            .limit(MOST)
            .toList();
    String listed =
        nearest.stream().map(s -> Printable.quote(s.name())).collect(Collectors.joining(", "));
    return nearest.isEmpty() ? "" : "; the nearest of " + names.size() + ": " + listed;
  }

  /**
   * Counts the characters to insert, delete or replace, and the neighbours to swap, to get from one
   * name to the other.
   */
  private static int distance(String a, boolean isGlob, String b) {
    int[] before = new int[b.length() + 1];
    int[] last = new int[b.length() + 1];
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      last[j] = j;
    }
    for (int i = 0; i < a.length(); i++) {
      char c = a.charAt(i);
      boolean isAny = isGlob && c == '*';
      boolean isOne = isGlob && c == '?';
      int cost = isAny ? 0 : 1;
      row[0] = last[0] + cost;
      for (int j = 1; j <= b.length(); j++) {
        int replaced = last[j - 1] + (isOne || isAny || c == b.charAt(j - 1) ? 0 : 1);
        row[j] = Math.min(replaced, Math.min(last[j], row[j - 1]) + cost);
        if (i > 0 && j > 1 && areSwapped(a, i, b, j)) {
          row[j] = Math.min(row[j], before[j - 2] + 1);
        }
      }
      int[] free = before;
      before = last;
      last = row;
      row = free;
    }
    return last[b.length()];
  }

  private static boolean areSwapped(String a, int i, String b, int j) {
    return a.charAt(i) == b.charAt(j - 2) && a.charAt(i - 1) == b.charAt(j - 1);
  }
}
