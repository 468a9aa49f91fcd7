// SPDX-License-Identifier: Apache-2.0
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/** The reasons for which tests may be skipped, and when: what {@code allowed-skips.txt} says. */
final class AllowedSkips {
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
        holds.add("without-" + name);
      }
    }
    return holds;
  }

  /** Returns a sentence for each test that may not be skipped. */
  List<String> refused(List<TestSummary.Skip> skips) {
    List<String> refused = new ArrayList<>();
    for (TestSummary.Skip skip : skips) {
      List<Line> matching =
          lines.stream().filter(line -> line.reason().matcher(skip.reason()).matches()).toList();
      if (matching.stream().noneMatch(line -> holds.contains(line.when()))) {
        refused.add(
            "Not allowed: %s was skipped: %s%s"
                .formatted(skip.test(), skip.reason(), remedy(matching)));
      }
    }
    return refused;
  }

  private static String remedy(List<Line> matching) {
    for (Line line : matching) {
      if (line.when().startsWith("without-")) {
        return "; where it can't be had: ./verify --without "
            + line.when().substring("without-".length());
      }
    }
    return "; a reason that may be belongs into scripts/allowed-skips.txt";
  }
}
