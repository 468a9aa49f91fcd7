// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LoadCommandTests {
  @TempDir private Path folder;
  private Path a;
  private Path b;

  @BeforeEach
  void writeFiles() throws IOException {
    a = folder.resolve("a.safetensors");
    b = folder.resolve("b.safetensors");
    Samples.write(a, "a0", DType.F32, Shape.of(100, 100));
    Samples.write(b, "b0", DType.F16, Shape.of(16, 8));
  }

  @ParameterizedTest
  @ValueSource(strings = {"mapped", "copied", "auto"})
  void printsWhatWasLoadedAndHow(String path) {
    Fst fst = Fst.run("load", a, b, "--backend", "cpu", "--path", path, "--touch");
    assertThat(fst.err()).isEmpty();
    assertThat(fst.exit()).isZero();
    assertThat(fst.outLines())
        .startsWith("files    2", "tensors  2", "bytes    40256 (39.3 KiB)")
        .anyMatch(line -> line.startsWith("seconds  "))
        .anyMatch(line -> line.startsWith("GB/s     "))
        .anyMatch(line -> line.contains("b.safetensors"));
  }

  @Test
  void printsOneJsonObject() throws IOException {
    Map<String, Object> json =
        JsonText.object(Fst.run("load", "--json", "--backend", "cpu", folder).out());
    assertThat(json.keySet())
        .containsExactly(
            "files",
            "tensors",
            "bytes",
            "bytes_by_source",
            "seconds",
            "gbps",
            "backend",
            "explain",
            "report");
    assertThat(json)
        .containsEntry("files", 2L)
        .containsEntry("tensors", 2L)
        .containsEntry("bytes", 40_256L)
        .containsEntry("backend", "cpu");
    double seconds = (double) json.get("seconds");
    assertThat((double) json.get("gbps")).isCloseTo(40_256 / seconds / 1e9, within(1e-9));
    assertThat(json.get("explain").toString()).contains("a.safetensors", "b.safetensors");
  }

  @Test
  void theReportHasReasonsAsCodesValuesAndText() throws IOException {
    String out = Fst.run("load", "--json", "--backend", "cpu", "--dtype", "F16", folder).out();
    Map<?, ?> report = (Map<?, ?>) JsonText.object(out).get("report");
    Map<?, ?> file = (Map<?, ?>) ((List<?>) report.get("files")).getFirst();
    assertThat(file.get("reason"))
        .isEqualTo(Map.of("code", "path.mapped", "text", "mapped: no copy", "values", Map.of()));
    assertThat(file.get("backend")).isEqualTo("cpu");
    assertThat(((Map<?, ?>) file.get("bytes_by_path")).get("mapped")).isInstanceOf(Long.class);
    assertThat(((List<?>) report.get("conversions")).toString()).contains("code=dtype.");
    assertThat(((List<?>) report.get("plugins")).toString())
        .contains("kind=backend, id=cpu", "code=plugin.available");
  }

  private static org.assertj.core.data.Offset<Double> within(double offset) {
    return org.assertj.core.data.Offset.offset(offset);
  }

  @Test
  void loadsOnlyWhatTheFilterWants() throws IOException {
    Map<String, Object> json =
        JsonText.object(Fst.run("load", "--json", "--filter", "b*", folder).out());
    assertThat(json).containsEntry("tensors", 1L).containsEntry("bytes", 256L);
  }

  @ParameterizedTest
  @ValueSource(strings = {"load", "digest"})
  void aFilterThatMatchesNothingIsMisuse(String command) {
    Fst fst = Fst.run(command, folder, "--filter", "bo?");
    assertThat(fst.exit()).isEqualTo(2);
    assertThat(fst.errLines())
        .hasSize(1)
        .first()
        .asString()
        .contains("no tensor matches 'bo?'", "nearest of 2: 'b0', 'a0'");
  }

  @Test
  void rankFilesStandForPaths() throws IOException {
    Map<String, Object> json =
        JsonText.object(Fst.run("load", "--json", "--rank-files", "0=" + a + "," + b).out());
    assertThat(json).containsEntry("files", 2L);
  }

  @Test
  void anUnknownBackendIsAnErrorThatNamesTheOthers() {
    Fst fst = Fst.run("load", a, "--backend", "nosuch");
    assertThat(fst.exit()).isEqualTo(1);
    assertThat(fst.errLines()).hasSize(1).first().asString().contains("nosuch", "cpu");
  }

  @Test
  void gpuDirectStorageCanBeInsistedOnOrSwitchedOff() {
    Fst on = Fst.run("load", a, "--gds", "on");
    assertThat(on.exit()).isEqualTo(1);
    assertThat(on.errLines()).hasSize(1).first().asString().contains("'gds'", "cpu");
    Fst off = Fst.run("load", a, "--gds", "off");
    assertThat(off.exit()).isZero();
    assertThat(off.out()).doesNotContain("gds: reads");
  }

  @Test
  void aMissingFileIsAnError() {
    Fst fst = Fst.run("load", folder.resolve("missing.safetensors"));
    assertThat(fst.exit()).isEqualTo(1);
    assertThat(fst.errLines()).hasSize(1).first().asString().contains("missing.safetensors");
  }

  @Test
  void aMalformedFileIsAnErrorWithItsRule() throws IOException {
    Path bad = Files.write(folder.resolve("bad.safetensors"), new byte[3]);
    Fst fst = Fst.run("load", bad);
    assertThat(fst.exit()).isEqualTo(1);
    assertThat(fst.errLines()).hasSize(1).first().asString().contains("HeaderTooSmall");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "load",
        "load x --rank-files 0=x",
        "load x --threads -1",
        "load x --alignment 3",
        "load x --device NONE"
      })
  void misuseIsExitCode2(String line) {
    Fst fst = Fst.runLine(line);
    assertThat(fst.exit()).isEqualTo(2);
    assertThat(fst.errLines()).hasSize(1);
  }
}
