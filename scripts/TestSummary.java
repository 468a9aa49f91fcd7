// SPDX-License-Identifier: Apache-2.0
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/**
 * Adds up the test reports of all modules: one line per skipped or failed test with its reason, one
 * per thing that must not be so, then one with the counts. It fails if a test was skipped for a
 * reason that {@code allowed-skips.txt} doesn't have, or a class ran fewer tests than {@code
 * expected-tests.txt} says.
 *
 * <pre>
 * TestSummary ROOT [--partial] [--large] [--record] [--without NAME,...]
 * </pre>
 *
 * {@code --partial} is for runs of some tests alone: what didn't run isn't missed.
 */
final class TestSummary {
  /** Tests that ran, by module and class, and those that were skipped. */
  private final Map<String, Integer> counts = new TreeMap<>();

  private final List<Skip> skipped = new ArrayList<>();
  private final List<String> broken = new ArrayList<>();
  private int run;
  private int failures;
  private int errors;

  /** A test that was skipped. */
  record Skip(String test, String reason) {}

  public static void main(String[] arguments) throws Exception {
    Path root = Path.of(arguments[0]);
    List<String> options = List.of(arguments).subList(1, arguments.length);
    TestSummary summary = new TestSummary();
    summary.addModules(root);
    AllowedSkips allowed = AllowedSkips.of(root.resolve("scripts/allowed-skips.txt"), options);
    ExpectedTests expected = new ExpectedTests(root.resolve("scripts/expected-tests.txt"));
    List<String> wrong = new ArrayList<>(allowed.refused(summary.skipped));
    if (options.contains("--record")) {
      expected.record(summary.counts);
    } else {
      wrong.addAll(expected.missing(summary.counts, options.contains("--partial")));
    }
    summary.print(wrong);
    System.exit(summary.run == 0 || !wrong.isEmpty() ? 1 : 0);
  }

  private void addModules(Path root) throws Exception {
    List<Path> modules = new ArrayList<>(list(root));
    modules.addAll(list(root.resolve("examples")));
    for (Path module : modules) {
      for (Path report : list(module.resolve("target/surefire-reports"))) {
        if (report.toString().endsWith(".xml")) {
          add(module.getFileName().toString(), report);
        }
      }
    }
  }

  private static List<Path> list(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    }
  }

  private void add(String module, Path report) throws Exception {
    NodeList tests =
        DocumentBuilderFactory.newDefaultInstance()
            .newDocumentBuilder()
            .parse(report.toFile())
            .getElementsByTagName("testcase");
    for (int i = 0; i < tests.getLength(); i++) {
      Element test = (Element) tests.item(i);
      counts.merge(module + " " + test.getAttribute("classname"), 1, Integer::sum);
      addTest(test);
    }
  }

  private void addTest(Element test) {
    run++;
    String name = test.getAttribute("classname") + "." + test.getAttribute("name");
    if (has(test, "skipped")) {
      skipped.add(new Skip(name, reason(test, "skipped")));
    } else if (has(test, "failure")) {
      failures++;
      broken.add("Failed: " + name + ": " + reason(test, "failure"));
    } else if (has(test, "error")) {
      errors++;
      broken.add("Error: " + name + ": " + reason(test, "error"));
    }
  }

  private static boolean has(Element test, String outcome) {
    return test.getElementsByTagName(outcome).getLength() > 0;
  }

  /** A disabled test has its reason in an attribute, an assumption only in its stack trace. */
  private static String reason(Element test, String outcome) {
    Element element = (Element) test.getElementsByTagName(outcome).item(0);
    String text = element.getAttribute("message");
    if (text.isBlank()) {
      text = element.getTextContent();
    }
    return text.strip()
        .replaceFirst("^[\\w.$]+Exception:\\s+", "")
        .lines()
        .findFirst()
        .orElse("no reason given")
        .replaceFirst("^Assumption failed: ", "")
        .replaceFirst("^assumption was not met due to: \\[(.*)] ?$", "$1");
  }

  private void print(List<String> wrong) {
    skipped.forEach(skip -> System.out.println("Skipped: " + skip.test() + ": " + skip.reason()));
    broken.forEach(System.out::println);
    wrong.forEach(System.out::println);
    System.out.printf(
        "Tests run: %d, Failures: %d, Errors: %d, Skipped: %d%n",
        run, failures, errors, skipped.size());
  }
}
