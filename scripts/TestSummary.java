// SPDX-License-Identifier: Apache-2.0
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/**
 * Adds up the test reports in the folders given: one line per skipped or failed test with its
 * reason, then one line with the counts. Fails if no test ran at all.
 */
final class TestSummary {
  private int run;
  private int failures;
  private int errors;
  private final List<String> skipped = new ArrayList<>();
  private final List<String> broken = new ArrayList<>();

  public static void main(String[] folders) throws Exception {
    TestSummary summary = new TestSummary();
    for (String folder : folders) {
      for (Path report : reports(Path.of(folder))) {
        summary.add(report);
      }
    }
    summary.print();
    System.exit(summary.run == 0 ? 1 : 0);
  }

  private static List<Path> reports(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(f -> f.toString().endsWith(".xml")).sorted().toList();
    }
  }

  private void add(Path report) throws Exception {
    Document document =
        DocumentBuilderFactory.newDefaultInstance().newDocumentBuilder().parse(report.toFile());
    NodeList tests = document.getElementsByTagName("testcase");
    for (int i = 0; i < tests.getLength(); i++) {
      addTest((Element) tests.item(i));
    }
  }

  private void addTest(Element test) {
    run++;
    String name = test.getAttribute("classname") + "." + test.getAttribute("name");
    if (has(test, "skipped")) {
      skipped.add("Skipped: " + name + ": " + reason(test, "skipped"));
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
      text =
          element.getTextContent().replaceFirst("^[\\w.$]+Exception: (Assumption failed: )?", "");
    }
    return text.strip().lines().findFirst().orElse("no reason given");
  }

  private void print() {
    skipped.forEach(System.out::println);
    broken.forEach(System.out::println);
    System.out.printf(
        "Tests run: %d, Failures: %d, Errors: %d, Skipped: %d%n",
        run, failures, errors, skipped.size());
  }
}
