// SPDX-License-Identifier: Apache-2.0
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * How many tests each class has at least, in lines of module, class and number.
 *
 * @param file where that is written
 */
record ExpectedTests(Path file) {
  private static final String HEAD =
      """
      # How many tests each class ran when "./verify --record" wrote this: fewer are an error.
      """;

  void record(Map<String, Integer> counts) throws IOException {
    StringBuilder text = new StringBuilder(HEAD);
    counts.forEach((test, count) -> text.append(test).append(' ').append(count).append('\n'));
    Files.writeString(file, text);
  }

  /** Returns a sentence for each class that ran too few tests, or none. */
  List<String> missing(Map<String, Integer> counts, boolean partial) throws IOException {
    List<String> missing = new ArrayList<>();
    for (Map.Entry<String, Integer> expected : read().entrySet()) {
      int count = counts.getOrDefault(expected.getKey(), 0);
      if (count < expected.getValue() && !(partial && count == 0)) {
        missing.add(
            "Missing: %s ran %d of %d tests; if that is meant: ./verify --record"
                .formatted(expected.getKey(), count, expected.getValue()));
      }
    }
    return missing;
  }

  private Map<String, Integer> read() throws IOException {
    Map<String, Integer> expected = new TreeMap<>();
    for (String line : Files.readAllLines(file)) {
      if (!line.startsWith("#")) {
        int end = line.lastIndexOf(' ');
        expected.put(line.substring(0, end), Integer.valueOf(line.substring(end + 1)));
      }
    }
    return expected;
  }
}
