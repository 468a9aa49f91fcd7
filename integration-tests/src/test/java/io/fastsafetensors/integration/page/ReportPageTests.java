// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The page of {@code fst load --report} in Chromium; pictures of it are in {@code target/pages}.
 * With the property {@code fst.axe}, which names axe-core's script, it is also checked by that; see
 * {@code scripts/check-page}.
 */
@Timeout(300)
@Tag("slow")
class ReportPageTests {
  private static final Path PICTURES = Path.of("target", "pages");
  private static final String CLI = "io.fastsafetensors.cli.Main";
  private static final Pattern BYTES = Pattern.compile("\"bytes\":(\\d+)");

  /** A name that would be markup, if it were not taken for text. */
  private static final String HOSTILE = "<img src=x onerror=alert(1)>.safetensors";

  @TempDir private Path folder;

  @BeforeAll
  static void needsABrowser() throws IOException {
    assumeTrue(Chromium.program().isPresent(), "no Chromium: install Debian's chromium");
    Files.createDirectories(PICTURES);
  }

  private record Ended(int exit, String output) {}

  private Ended fst(Object... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            CLI));
    List.of(arguments).forEach(argument -> command.add(argument.toString()));
    Path output = Files.createTempFile(folder, "output", null);
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(output.toFile())
            .redirectError(Files.createTempFile(folder, "errors", null).toFile())
            .start();
    try {
      assertThat(process.waitFor(2, TimeUnit.MINUTES)).as("%s has ended", command).isTrue();
      return new Ended(process.exitValue(), Files.readString(output));
    } finally {
      process.destroyForcibly();
    }
  }

  private Path write(String name, int kilobytes) throws IOException {
    Path file = folder.resolve("m").resolve(name);
    Files.createDirectories(file.getParent());
    try (Arena arena = Arena.ofConfined()) {
      SafetensorsWriter writer = new SafetensorsWriter();
      for (int i = 0; i < 8; i++) {
        writer.add(name + i, DType.F16, Shape.of(kilobytes, 64), arena.allocate(128L * kilobytes));
      }
      writer.write(file);
    }
    return file;
  }

  @Test
  void thePageShowsWhatJsonSays() throws Exception {
    write(HOSTILE, 8000);
    write("b.safetensors", 4000);
    Path page = folder.resolve("load.html");
    Ended load =
        fst(
            "load",
            folder.resolve("m"),
            "--path",
            "copied",
            "--dtype",
            "BF16",
            "--json",
            "--report",
            page);
    assertThat(load.exit()).isZero();
    Matcher bytes = BYTES.matcher(load.output());
    assertThat(bytes.find()).isTrue();
    try (Chromium browser = Chromium.start(folder.resolve("profile"))) {
      for (int width : new int[] {1280, 390}) {
        for (boolean isDark : new boolean[] {false, true}) {
          look(browser, page, "load", width, isDark);
        }
      }
      assertThat(browser.evaluate("fstReport.records[0].load.bytes")).isEqualTo(bytes.group(1));
      assertThat(exactSum(browser)).isEqualTo(pathSum(load.output()));
      assertThat(text(browser, "h2"))
          .contains("Timeline", "Throughput over time", "Bytes by way and by file", "Memory");
      assertThat(text(browser, "table[aria-label='Timeline by lane'] tbody th"))
          .contains("Headers", "Conversions");
      assertThat(text(browser, "table[aria-label='Bytes by file'] tbody th")).contains(HOSTILE);
      assertThat(browser.evaluate("document.images.length")).isEqualTo("0");
      assertThat(browser.evaluate("document.querySelectorAll('rect.span').length >= 4"))
          .isEqualTo("true");
      zoom(browser);
      assertThat(browser.problems()).isEmpty();
    }
  }

  /** A part of time that is chosen is what the axis shows. */
  private static void zoom(Chromium browser) {
    String before = browser.evaluate("fstReport.view().join()");
    String button = "[...document.querySelectorAll('button')].find(b => b.textContent === '%s')";
    browser.evaluate(button.formatted("Zoom in") + ".click()");
    assertThat(browser.evaluate("fstReport.view()[1] - fstReport.view()[0] < fstReport.whole * .6"))
        .isEqualTo("true");
    browser.evaluate(button.formatted("All") + ".click()");
    assertThat(browser.evaluate("fstReport.view().join()")).isEqualTo(before);
  }

  private static void look(Chromium browser, Path page, String name, int width, boolean isDark)
      throws IOException {
    browser.look(width, isDark);
    browser.open(page);
    assertThat(browser.evaluate("document.documentElement.scrollWidth <= innerWidth"))
        .as("page fits into %s pixels", width)
        .isEqualTo("true");
    String file = name + "-" + width + (isDark ? "-dark" : "-light") + ".png";
    browser.screenshot(PICTURES.resolve(file));
    String axe = System.getProperty("fst.axe", "");
    if (!axe.isEmpty()) {
      browser.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)");
      browser.evaluate("(() => {" + Files.readString(Path.of(axe)) + "; return 'there'; })()");
      assertThat(
              browser.evaluate(
                  "axe.run().then(r => r.violations.map(v => v.impact + ' ' + v.id + ': '"
                      + " + v.nodes.map(n => n.html).slice(0, 3).join(' ')).join('\\n'))"))
          .as("what axe-core says of %s", file)
          .isEmpty();
    }
  }

  private static String text(Chromium browser, String selector) {
    return browser.evaluate(
        "[...document.querySelectorAll(\"" + selector + "\")].map(e => e.textContent).join('\\n')");
  }

  private static long exactSum(Chromium browser) {
    return Long.parseLong(
        browser.evaluate(
            "[...document.querySelectorAll(\"table[aria-label='Bytes by way'] tbody tr\")]"
                + ".map(row => +row.lastChild.textContent).reduce((a, b) => a + b, 0)"));
  }

  private static long pathSum(String json) {
    return Pattern.compile("\"bytes_by_path\":\\{([^}]*)}")
        .matcher(json)
        .results()
        .flatMap(paths -> Pattern.compile("\\d+").matcher(paths.group(1)).results())
        .mapToLong(number -> Long.parseLong(number.group()))
        .sum();
  }

  @Test
  void aFailedLoadHasAPageWithWhatCame() throws Exception {
    write("a.safetensors", 8000);
    Path broken = write("b.safetensors", 4000);
    try (RandomAccessFile file = new RandomAccessFile(broken.toFile(), "rw")) {
      file.setLength(file.length() - 1000);
    }
    Path page = folder.resolve("failed.html");
    assertThat(fst("load", folder.resolve("m"), "--report", page).exit()).isEqualTo(1);
    try (Chromium browser = Chromium.start(folder.resolve("profile"))) {
      look(browser, page, "failed", 1280, false);
      look(browser, page, "failed", 390, true);
      assertThat(text(browser, "#headline")).startsWith("Failed");
      assertThat(text(browser, ".failed")).contains("b.safetensors");
      assertThat(browser.problems()).isEmpty();
    }
  }

  @Test
  void ranksShareAPageAndAClock() throws Exception {
    write("a.safetensors", 8000);
    write("b.safetensors", 8000);
    Path page = folder.resolve("ranks.html");
    Ended load =
        fst("launch", "-n", "2", "--", "load", folder.resolve("m"), "--shard=1", "--report", page);
    assumeTrue(Files.exists(page), () -> "no ranks here: " + load.output());
    try (Chromium browser = Chromium.start(folder.resolve("profile"))) {
      look(browser, page, "ranks", 1280, false);
      look(browser, page, "ranks", 390, true);
      assertThat(text(browser, "#headline")).contains("2 of 2 ranks told");
      assertThat(text(browser, "h2")).contains("rank 0", "rank 1");
      String shifts = "fstReport.records.map(r => r.shift)";
      assertThat(
              browser.evaluate(
                  "Math.min(...%s) === 0 && Math.max(...%s) < 60".formatted(shifts, shifts)))
          .isEqualTo("true");
      assertThat(browser.problems()).isEmpty();
    }
  }
}
