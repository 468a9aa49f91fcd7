// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.page;

import static io.fastsafetensors.integration.page.PageLook.exactSum;
import static io.fastsafetensors.integration.page.PageLook.look;
import static io.fastsafetensors.integration.page.PageLook.text;
import static io.fastsafetensors.integration.page.ReportedLoad.fst;
import static io.fastsafetensors.integration.page.ReportedLoad.pathSum;
import static io.fastsafetensors.integration.page.ReportedLoad.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fastsafetensors.integration.page.ReportedLoad.Ended;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
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
  private static final Pattern BYTES = Pattern.compile("\"bytes\":(\\d+)");

  /** A name that would be markup, if it were not taken for text. */
  private static final String HOSTILE = "<img src=x onerror=alert(1)>.safetensors";

  @TempDir private Path folder;

  @BeforeAll
  static void needsABrowser() throws IOException {
    PageLook.assumeBrowser();
  }

  @Test
  void thePageShowsWhatJsonSays() throws Exception {
    write(folder, HOSTILE, 8000);
    write(folder, "b.safetensors", 4000);
    Path page = folder.resolve("load.html");
    Ended load =
        fst(
            folder,
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

  @Test
  void aFailedLoadHasAPageWithWhatCame() throws Exception {
    write(folder, "a.safetensors", 8000);
    Path broken = write(folder, "b.safetensors", 4000);
    try (RandomAccessFile file = new RandomAccessFile(broken.toFile(), "rw")) {
      file.setLength(file.length() - 1000);
    }
    Path page = folder.resolve("failed.html");
    assertThat(fst(folder, "load", folder.resolve("m"), "--report", page).exit()).isEqualTo(1);
    try (Chromium browser = Chromium.start(folder.resolve("profile"))) {
      look(browser, page, "failed", 1280, false);
      look(browser, page, "failed", 390, true);
      assertThat(text(browser, "#headline")).startsWith("Failed");
      assertThat(text(browser, ".failed")).contains("b.safetensors");
      assertThat(browser.problems()).isEmpty();
    }
  }

  /** A rank that began later is drawn later, by the time that its host's clock tells. */
  @Test
  void ranksAreDrawnOnOneClock() throws Exception {
    write(folder, "a.safetensors", 8000);
    Path page = folder.resolve("clock.html");
    assertThat(
            fst(folder, "load", folder.resolve("m"), "--path", "copied", "--report", page).exit())
        .isZero();
    Files.writeString(page, ofTwoRanks(Files.readString(page), 1.5));
    try (Chromium browser = Chromium.start(folder.resolve("profile"))) {
      look(browser, page, "clock", 1280, false);
      String starts = "fstReport.records[%d].spans.map(s => s.start)";
      double first = minimum(browser, starts.formatted(0));
      assertThat(minimum(browser, starts.formatted(1)) - first).isCloseTo(1.5, within(1e-3));
      assertThat(Double.parseDouble(browser.evaluate("fstReport.whole"))).isGreaterThan(1.5);
      assertThat(browser.problems()).isEmpty();
    }
  }

  private static double minimum(Chromium browser, String numbers) {
    return Double.parseDouble(browser.evaluate("Math.min(..." + numbers + ")"));
  }

  /** Makes the page of a load that of two ranks, of which the second began some seconds later. */
  private static String ofTwoRanks(String page, double later) {
    String record =
        page.lines().filter(line -> line.contains("class=\"record\">")).findFirst().orElseThrow();
    String first = record.replaceFirst("\"ranks\":1", "\"ranks\":2");
    Matcher begun = Pattern.compile("\"begun\":([\\d.E]+)").matcher(first);
    assertThat(begun.find()).isTrue();
    BigDecimal at = new BigDecimal(begun.group(1)).add(BigDecimal.valueOf(later));
    String second =
        first
            .replaceFirst("\"rank\":0", "\"rank\":1")
            .replaceFirst("\"begun\":[\\d.E]+", "\"begun\":" + at.toPlainString());
    return page.replace(record, first + "\n" + second);
  }

  @Test
  void ranksShareAPageAndAClock() throws Exception {
    write(folder, "a.safetensors", 8000);
    write(folder, "b.safetensors", 8000);
    Path page = folder.resolve("ranks.html");
    Ended load =
        fst(
            folder,
            "launch",
            "-n",
            "2",
            "--",
            "load",
            folder.resolve("m"),
            "--shard=1",
            "--report",
            page);
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
