// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Looks at a page in Chromium; pictures of it come to {@code target/pages}. */
final class PageLook {
  static final Path PICTURES = Path.of("target", "pages");

  private PageLook() {}

  /** Skips a test where there is no browser. */
  static void assumeBrowser() throws IOException {
    assumeTrue(Chromium.program().isPresent(), "no Chromium: install Debian's chromium");
    Files.createDirectories(PICTURES);
  }

  /** Opens a page in a width and a colour; it fits, and axe-core finds nothing if it is there. */
  static void look(Chromium browser, Path page, String name, int width, boolean isDark)
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

  /** Returns the texts of elements, a line each. */
  static String text(Chromium browser, String selector) {
    return browser.evaluate(
        "[...document.querySelectorAll(\"" + selector + "\")].map(e => e.textContent).join('\\n')");
  }

  /** Adds up the table of bytes by way. */
  static long exactSum(Chromium browser) {
    return Long.parseLong(
        browser.evaluate(
            "[...document.querySelectorAll(\"table[aria-label='Bytes by way'] tbody tr\")]"
                + ".map(row => +row.lastChild.textContent).reduce((a, b) => a + b, 0)"));
  }
}
