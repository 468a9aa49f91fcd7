// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.certify;

import io.fastsafetensors.PluginReport.Kind;
import io.fastsafetensors.testkit.TestkitEnvironment;
import io.fastsafetensors.testkit.certify.Stop.Limits;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What to certify, how long, and where to write what became of it.
 *
 * @param kind what kind of plug-in; empty is all that is found
 * @param name its id, or the type of a device; empty if all
 * @param rules how the names of the rules to try begin; empty is all
 * @param limits when a test ends, and when a plug-in has failed enough
 * @param reports the files to write: {@code .md} or {@code .xml}
 */
record Choice(
    Optional<Kind> kind, String name, List<String> rules, Limits limits, List<Path> reports) {
  /** How to ask. */
  static final String USAGE =
      "[--backend ID | --collective ID | --device TYPE] [--rule IO-105]... [--timeout SECONDS]"
          + " [--max-failures N] [--report FILE.md|FILE.xml]...";

  private static final Map<String, Kind> KINDS =
      Map.of("--backend", Kind.BACKEND, "--collective", Kind.COLLECTIVE, "--device", Kind.DEVICE);

  /**
   * Reads arguments.
   *
   * @throws IllegalArgumentException if they make no sense, or no test is for a rule
   */
  static Choice parse(String... arguments) {
    Reading reading = new Reading();
    Iterator<String> words = List.of(arguments).iterator();
    while (words.hasNext()) {
      reading.take(words.next(), words.hasNext() ? words.next() : "");
    }
    return reading.choice();
  }

  /** Tells whether a rule is to be tried. */
  boolean wants(String rule) {
    return rules.isEmpty() || rules.stream().anyMatch(rule::startsWith);
  }

  /** Says what is not tried; empty if all is. */
  String leftOut() {
    return rules.isEmpty() ? "" : "only rules " + String.join(", ", rules) + " were to be tried";
  }

  /** What was read so far. */
  private static final class Reading {
    private Optional<Kind> kind = Optional.empty();
    private String name = "";
    private Duration timeout = Limits.longest(TestkitEnvironment.fromSystem().large());
    private int failures = Limits.MOST_FAILURES;
    private final List<String> rules = new ArrayList<>();
    private final List<Path> reports = new ArrayList<>();

    void take(String option, String value) {
      if (KINDS.containsKey(option) && kind.isEmpty() && !value.isEmpty()) {
        kind = Optional.of(KINDS.get(option));
        name = value;
      } else if (option.equals("--report") && value.matches(".+\\.(md|xml)")) {
        reports.add(Path.of(value));
      } else if (option.equals("--rule") && value.matches("(?i)(p|d|io|c)(-[0-9]{0,3})?")) {
        rules.add(value.toUpperCase(Locale.ROOT));
      } else if (option.equals("--timeout") && value.matches("[1-9][0-9]{0,6}")) {
        timeout = Duration.ofSeconds(Integer.parseInt(value));
      } else if (option.equals("--max-failures") && value.matches("[0-9]{1,6}")) {
        failures = Integer.parseInt(value);
      } else {
        throw new IllegalArgumentException("'" + option + " " + value + "': want " + USAGE);
      }
    }

    Choice choice() {
      rules.forEach(RuleOrder::check);
      Limits limits = new Limits(timeout, failures);
      return new Choice(kind, name, List.copyOf(rules), limits, List.copyOf(reports));
    }
  }
}
