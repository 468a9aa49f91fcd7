// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.LoadEvent;
import io.fastsafetensors.LoadEvent.Kind;
import io.fastsafetensors.LoadRecorder;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code load --report} writes; how it looks is another test's, in a browser. */
class ReportOptionTests {
  private static final String RECORD = "<script type=\"application/json\" class=\"record\">";

  @TempDir private Path folder;

  private Path page() {
    return folder.resolve("load.html");
  }

  private Path write(String name) throws IOException {
    Path file = folder.resolve("m").resolve(name);
    Files.createDirectories(file.getParent());
    Samples.write(file, name, DType.F32, Shape.of(1000));
    return file;
  }

  private static List<String> records(Path page) throws IOException {
    return Files.readAllLines(page).stream().filter(line -> line.startsWith(RECORD)).toList();
  }

  private static Map<String, Object> record(Path page) throws IOException {
    List<String> records = records(page);
    assertThat(records).hasSize(1);
    String line = records.getFirst();
    return JsonText.object(line.substring(RECORD.length(), line.length() - "</script>".length()));
  }

  @Test
  void thePageHasWhatJsonPrints() throws IOException {
    write("a.safetensors");
    write("b.safetensors");
    Fst fst = Fst.run("load", folder.resolve("m"), "--json", "--report", page());
    assertThat(fst.err()).isEmpty();
    Map<String, Object> printed = JsonText.object(fst.out());
    printed.remove("explain");
    assertThat(record(page()).get("load")).isEqualTo(printed);
    assertThat((List<?>) record(page()).get("command"))
        .asInstanceOf(InstanceOfAssertFactories.list(Object.class))
        .startsWith("load")
        .contains("--json");
    assertThat(fst.exit()).isZero();
  }

  @Test
  void eventsAddUpToTheReport() throws IOException {
    write("a.safetensors");
    Fst fst =
        Fst.run("load", folder.resolve("m"), "--path", "copied", "--json", "--report", page());
    assertThat(fst.exit()).isZero();
    Map<String, Object> record = record(page());
    long read =
        ((List<?>) record.get("events"))
            .stream()
                .map(event -> (List<?>) event)
                .filter(event -> event.getFirst().equals("read"))
                .mapToLong(event -> (Long) event.get(7))
                .sum();
    assertThat(read).isEqualTo(4000);
    assertThat(record.get("memory")).isNotNull();
  }

  @Test
  void aFailedLoadHasAPageAndItsExitCode() throws IOException {
    Files.write(write("a.safetensors"), new byte[9]);
    Fst fst = Fst.run("load", folder.resolve("m"), "--report", page());
    assertThat(fst.exit()).isEqualTo(1);
    assertThat((String) record(page()).get("failure")).contains("a.safetensors");
    assertThat(record(page())).doesNotContainKey("load");
  }

  @Test
  void namesCanNotEndTheElementThatTheyStandIn() throws IOException {
    String hostile = "<!--<script>/<script></script><b>&amp;.safetensors";
    write(hostile);
    Fst fst = Fst.run("load", folder.resolve("m").resolve(hostile), "--report", page());
    assertThat(fst.exit()).isZero();
    String line = records(page()).getFirst();
    assertThat(line.substring(RECORD.length(), line.length() - "</script>".length()))
        .doesNotContain("<", "&");
    assertThat(record(page()).get("files").toString()).contains(hostile);
  }

  @Test
  void aPageLoadsNothingFromElsewhereAndRunsItsOwnScriptAlone() throws IOException {
    write("a.safetensors");
    assertThat(Fst.run("load", folder.resolve("m"), "--report", page()).exit()).isZero();
    String text = Files.readString(page());
    assertThat(text.replace("http://www.w3.org/2000/svg", "")).doesNotContain("http:", "https:");
    assertThat(text).contains("default-src 'none'", "script-src 'sha256-");
    assertThat(text).doesNotContain("@SCRIPT", "@STYLE", "@RECORDS");
  }

  @Test
  void whatIsNoReportIsNotOverwritten() throws IOException {
    write("a.safetensors");
    Files.writeString(page(), "<html>mine</html>");
    Fst fst = Fst.run("load", folder.resolve("m"), "--report", page());
    assertThat(fst.exit()).isEqualTo(2);
    assertThat(fst.err()).contains("is no report of fst: name another file");
    assertThat(Files.readString(page())).isEqualTo("<html>mine</html>");
    assertThat(Fst.run("load", folder, "--report", folder.resolve("m/a.safetensors")).err())
        .contains("want a name that ends with .html");
    assertThat(Fst.run("load", folder, "--report", folder.resolve("no/load.html")).err())
        .contains("there is no folder " + folder.resolve("no"));
  }

  @Test
  void anEarlierReportIsReplaced() throws IOException {
    write("a.safetensors");
    for (int i = 0; i < 2; i++) {
      assertThat(Fst.run("load", folder.resolve("m"), "--report", page()).exit()).isZero();
    }
    assertThat(records(page())).hasSize(1);
  }

  @Test
  void limitsThatWereMeasuredAreOnThePage() throws IOException {
    write("a.safetensors");
    Path limits = folder.resolve("limits.json");
    Fst measured = Fst.run("doctor", "--measure", write("b.safetensors"), "--json");
    Files.writeString(
        limits,
        measured
            .out()
            .replace(
                "\"rates\":[", "\"rates\":[{\"name\":\"direct reads\",\"bytes_per_second\":77},"));
    Object[] load = {"load", folder.resolve("m"), "--report", page(), "--limits", limits};
    assertThat(Fst.run(load).exit()).isZero();
    assertThat(record(page()).get("limits").toString()).contains("name=direct reads", "=77");
    Files.writeString(limits, "{}");
    assertThat(Fst.run(load).err()).contains("has no speeds");
    assertThat(Fst.run("load", folder.resolve("m"), "--limits", limits).exit()).isEqualTo(2);
  }

  @Test
  void aPageOfManyBlocksIsSmall() throws IOException {
    LoadRecorder recorder = new LoadRecorder();
    recorder.onEvent(LoadEvent.builder(1, Kind.BEGUN).build());
    for (int i = 0; i < 10_000; i++) {
      recorder.onEvent(
          LoadEvent.builder(1, Kind.READ)
              .file(Path.of("/data/models/a-long-name/model-%05d.safetensors".formatted(i % 100)))
              .path(TransferPath.DIRECT)
              .thread("fst-read-" + i % 32)
              .range(i * 1_000_000L, 1_000_000)
              .time(Duration.ofMillis(i), Duration.ofMillis(30))
              .build());
    }
    ReportPage page = new ReportPage(page());
    for (int rank = 0; rank < 2; rank++) {
      page.add(
          new RecordJson(
              rank,
              2,
              List.of("load"),
              Map.of(),
              recorder.record().merged(RecordJson.mostEvents(2)),
              List.of(),
              Optional.empty(),
              Optional.of("too late"),
              List.of()));
    }
    assertThat(Files.size(page())).isLessThan(1_000_000);
    assertThat(records(page())).hasSize(2);
    assertThat(Set.copyOf(records(page()))).hasSize(2);
  }
}
