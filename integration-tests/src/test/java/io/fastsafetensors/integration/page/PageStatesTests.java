// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.page;

import static io.fastsafetensors.integration.page.PageLook.exactSum;
import static io.fastsafetensors.integration.page.PageLook.look;
import static io.fastsafetensors.integration.page.PageLook.text;
import static io.fastsafetensors.integration.page.ReportedLoad.fst;
import static io.fastsafetensors.integration.page.ReportedLoad.pathSum;
import static io.fastsafetensors.integration.page.ReportedLoad.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fastsafetensors.integration.fuse.FaultyFolder;
import io.fastsafetensors.integration.page.ReportedLoad.Ended;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The page of loads that find their bytes here and there, and of one that fails half-way. */
@Timeout(300)
class PageStatesTests {
  private static final Set<String> OF_READS =
      Set.of("Page cache, mapped", "Direct reads", "Buffered reads");

  @TempDir private Path folder;

  @BeforeAll
  static void needsABrowser() throws IOException {
    PageLook.assumeBrowser();
  }

  /** The kernel reports a disk error half-way: what came before is on the page, to the byte. */
  @Test
  void aLoadThatFailsHalfWayShowsWhatCame() throws Exception {
    Path good = write(folder, "a.safetensors", 8000);
    Path bad = write(folder, "b.safetensors", 32000);
    Path page = folder.resolve("half-way.html");
    try (FaultyFolder mounted =
        FaultyFolder.mount(bad, folder.resolve("mount"), Files.size(bad) * 3 / 4)) {
      String[] inOrder = {"--path", "copied", "--threads", "1", "--block-bytes", "1MiB"};
      List<Object> load =
          new ArrayList<>(List.of("load", mounted.file(good), mounted.file(bad), "--report", page));
      load.addAll(List.of(inOrder));
      assertThat(fst(folder, load.toArray()).exit()).isEqualTo(1);
    }
    try (Chromium browser = Chromium.start(folder.resolve("profile"))) {
      look(browser, page, "half-way", 1280, true);
      look(browser, page, "half-way", 390, false);
      String reads = "fstReport.records[0].events.filter(e => e[0] === 'read')";
      String came = browser.evaluate(reads + ".reduce((all, e) => all + e[7], 0)");
      assertThat(Long.parseLong(came)).isBetween(1L, Files.size(bad) + (8L << 20));
      assertThat(exactSum(browser)).isEqualTo(Long.parseLong(came));
      assertThat(text(browser, ".failed")).contains("b.safetensors");
      assertThat(text(browser, "dl.tiles dd"))
          .startsWith(browser.evaluate("fstReport.bytes(" + came + ")"));
      assertThat(browser.problems()).isEmpty();
    }
  }

  @Test
  void coldHalfCachedAndWarmLoadsShowWhatTheyRead() throws Exception {
    Path disk = Files.createTempDirectory(PageLook.PICTURES, "files");
    Path file = Files.move(write(folder, "c.safetensors", 32000), disk.resolve("c.safetensors"));
    assumeTrue(
        !Files.getFileStore(file).type().equals("tmpfs"),
        "tmpfs keeps its pages, nothing can be cold");
    try (Chromium browser = Chromium.start(folder.resolve("profile"))) {
      for (Cached state : Cached.values()) {
        state.prepare(file);
        Path page = folder.resolve(state + ".html");
        Ended load = fst(folder, "load", disk, "--json", "--report", page);
        assertThat(load.exit()).isZero();
        look(browser, page, state.toString(), 1280, state == Cached.HALF);
        look(browser, page, state.toString(), 390, state != Cached.HALF);
        assertThat(exactSum(browser)).as("%s", state).isEqualTo(pathSum(load.output()));
        assertThat(text(browser, "table[aria-label='Timeline by lane'] tbody th").lines())
            .as("lanes of %s", state)
            .filteredOn(OF_READS::contains)
            .containsExactlyElementsOf(state.lanes.lines().toList());
        assertThat(browser.problems()).isEmpty();
      }
    } finally {
      Files.delete(file);
      Files.delete(disk);
    }
  }

  /** How much of a file the page cache has, and the lanes of its reads. */
  private enum Cached {
    COLD("skip=0", "Direct reads"),
    HALF("skip=16", "Page cache, mapped\nDirect reads"),
    WARM("", "Page cache, mapped");

    private final String dropped;
    private final String lanes;

    Cached(String dropped, String lanes) {
      this.dropped = dropped;
      this.lanes = lanes;
    }

    /** Reads it all, then has the kernel drop what lies behind so many MiB. */
    private void prepare(Path file) throws IOException, InterruptedException {
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
        channel.force(true); // what isn't written is not dropped
      }
      Files.readAllBytes(file);
      if (!dropped.isEmpty()) {
        Process dd =
            new ProcessBuilder(
                    "dd", "if=" + file, "of=/dev/null", "iflag=nocache", "bs=1M", dropped)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertThat(dd.waitFor(1, TimeUnit.MINUTES)).isTrue();
        assertThat(dd.exitValue()).isZero();
      }
    }
  }
}
