// SPDX-License-Identifier: Apache-2.0
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** The reasons for which tests may be skipped, and when: what {@code allowed-skips.txt} says. */
final class AllowedSkips {
  private static final String WITHOUT = "without-";

  /** One of its lines. */
  private record Line(String when, Pattern reason) {}

  private final List<Line> lines;
  private final Set<String> holds;

  private AllowedSkips(List<Line> lines, Set<String> holds) {
    this.lines = lines;
    this.holds = holds;
  }

  static AllowedSkips of(Path file, List<String> options) throws IOException {
    List<Line> lines = new ArrayList<>();
    for (String text : Files.readAllLines(file)) {
      if (!text.isBlank() && !text.startsWith("#")) {
        String[] words = text.strip().split("\\s+", 2);
        lines.add(new Line(words[0], Pattern.compile(words[1])));
      }
    }
    return new AllowedSkips(lines, holds(options));
  }

  /** Returns what of the file's first column holds in this run. */
  private static Set<String> holds(List<String> options) {
    Set<String> holds = new HashSet<>(Set.of("always"));
    if (System.getProperty("user.name").equals("root")) {
      holds.add("root");
    }
    if (Files.notExists(Path.of("/dev/nvidia0"))) {
      holds.add("no-gpu");
    }
    if (!options.contains("--large")) {
      holds.add("no-large");
    }
    int without = options.indexOf("--without");
    if (without >= 0) {
      for (String name : options.get(without + 1).split(",")) {
        holds.add(WITHOUT + name);
      }
    }
    return holds;
  }

  /**
   * Returns what may not be, in sentences: one for all tests that lack the same thing, and one for
   * each test that was skipped for a reason that nobody foresaw.
   */
  List<String> refused(List<TestSummary.Skip> skips) {
    Map<String, List<TestSummary.Skip>> byRemedy = new LinkedHashMap<>();
    for (TestSummary.Skip skip : skips) {
      List<Line> matching =
          lines.stream().filter(line -> line.reason().matcher(skip.reason()).matches()).toList();
      if (matching.stream().noneMatch(line -> holds.contains(line.when()))) {
        String lacking = lacking(matching).orElse(skip.test());
        byRemedy.computeIfAbsent(lacking, ignored -> new ArrayList<>()).add(skip);
      }
    }
    return byRemedy.entrySet().stream()
        .map(entry -> sentence(entry.getKey(), entry.getValue()))
        .toList();
  }

  /** Returns the NAME of {@code without-NAME}, if one of the lines has it. */
  private static Optional<String> lacking(List<Line> matching) {
    return matching.stream()
        .map(Line::when)
        .filter(when -> when.startsWith(WITHOUT))
        .map(when -> when.substring(WITHOUT.length()))
        .findFirst();
  }

  private static String sentence(String lacking, List<TestSummary.Skip> skips) {
    TestSummary.Skip first = skips.getFirst();
    if (lacking.equals(first.test())) {
      return "Not allowed: %s was skipped: %s; a reason that may be belongs into scripts/allowed-skips.txt"
          .formatted(first.test(), first.reason());
    }
    return "Not allowed: without %s %s skipped, as %s: %s; where it can't be had: ./verify --without %s"
        .formatted(
            lacking,
            skips.size() == 1 ? "1 test was" : skips.size() + " tests were",
            first.test(),
            first.reason(),
            lacking);
  }
}
