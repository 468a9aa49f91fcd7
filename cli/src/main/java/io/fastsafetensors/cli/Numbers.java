// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.Part;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import picocli.CommandLine.TypeConversionException;

/** Numbers in ascending order, as in {@code 0,2,5-9}. */
final class Numbers {
  private static final Pattern RUN =
      Pattern.compile("\\s*([0-9]{1,18})\\s*(?:-\\s*([0-9]{1,18})\\s*)?");
  private static final String FORM = ": want ascending numbers and ranges, as in 0,2,5-9";

  /** The most that are listed one by one. */
  private static final long MOST = 1 << 24;

  private final List<Run> runs;

  /**
   * Neighbouring numbers.
   *
   * @param first the first
   * @param last the last
   */
  private record Run(long first, long last) {
    @Override
    public String toString() {
      return first == last ? Long.toString(first) : first + "-" + last;
    }
  }

  private Numbers(List<Run> runs) {
    this.runs = runs;
  }

  /** Reads numbers and ranges, of which each begins after the one before. */
  static Numbers parse(String text) {
    List<Run> runs = new ArrayList<>();
    long before = -1;
    for (String one : text.split(",", -1)) {
      Matcher matcher = RUN.matcher(one);
      if (!matcher.matches()) {
        throw new TypeConversionException("'" + text + "'" + FORM);
      }
      long first = Long.parseLong(matcher.group(1));
      long last = matcher.group(2) == null ? first : Long.parseLong(matcher.group(2));
      if (first <= before || last < first) {
        throw new TypeConversionException(
            "'%s': %s comes after %s%s"
                .formatted(
                    text, first <= before ? first : last, first <= before ? before : first, FORM));
      }
      runs.add(new Run(first, last));
      before = last;
    }
    return new Numbers(runs);
  }

  /** Returns them as ranges. */
  List<Part.Range> ranges() {
    return runs.stream().map(run -> new Part.Range(run.first, run.last + 1)).toList();
  }

  /** Returns all, one by one. */
  long[] all() {
    long count = 0;
    for (Run run : runs) {
      count += run.last - run.first + 1;
      if (count > MOST) {
        throw new TypeConversionException(
            "%s and those before are more than %s rows: use --slice for rows that are neighbours"
                .formatted(run, MOST));
      }
    }
    return runs.stream()
        .flatMapToLong(run -> LongStream.rangeClosed(run.first, run.last))
        .toArray();
  }
}
