// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.Reason;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code doctor --measure}: that it measures and judges, not how fast anything is. */
@Timeout(120)
class MeasureTests {
  @TempDir private Path folder;

  @BeforeEach
  void writeFile() throws IOException {
    Samples.write(folder.resolve("a.safetensors"), "a", DType.F32, Shape.of(3_000_000));
  }

  @Test
  void everySpeedIsToldWithAVerdict() {
    Fst fst = Fst.run("doctor", "--measure", folder);
    assertThat(fst.err()).isEmpty();
    assertThat(fst.exit()).isZero();
    assertThat(fst.outLines())
        .anyMatch(line -> line.matches("load, as found +\\d+\\.\\d\\d GB/s \\(11\\.4 MiB in .*"))
        .anyMatch(line -> line.startsWith("direct reads "))
        .anyMatch(line -> line.matches("reads of the page cache +\\d+\\.\\d\\d GB/s .*"))
        .anyMatch(line -> line.matches("memory, copied +\\d+\\.\\d\\d GB/s .*"))
        .anyMatch(line ->
            line.matches(
                "verdict +(cold loads|warm loads into new memory) reach \\d+\\.\\d\\d of .*|verdict +(\\d+ %|plain reads came) .*"));
  }

  @Test
  void readsAreDirectWhateverMemoryIsLeft() throws IOException {
    Path here = Files.createTempDirectory(Path.of("target"), "probe"); // not in memory
    Path file = here.resolve("b.safetensors");
    try {
      Samples.write(file, "b", DType.F32, Shape.of(1_000_000));
      Rate direct = new StorageProbe(List.of(file), 100_001).direct(Duration.ofSeconds(9));
      assertThat(direct.isKnown() ? direct.bytes() : 65_536).isEqualTo(65_536);
      assertThat(direct.detail()).doesNotContain("multiple of");
    } finally {
      Files.delete(file);
      Files.delete(here);
    }
  }

  @Test
  void readsOfThePageCacheTellNothingOfStorage() {
    assertThat(StorageProbe.isOfPageCache(new Rate("a", 1, 1, "0 % of it from storage"))).isTrue();
    assertThat(StorageProbe.isOfPageCache(new Rate("a", 1, 1, "99 % of it from storage")))
        .isFalse();
    assertThat(StorageProbe.isOfPageCache(new Rate("a", 1, 1, ""))).as("not known").isFalse();
    assertThat(StorageProbe.isOfPageCache(Rate.unknown("a", "refused"))).isFalse();
  }

  @Test
  void slowStorageIsBlamedOnlyIfPlainReadsAreAsSlow() {
    Advice slow = Advice.fine(Reason.of("advice.slow-storage", "storage gave 0.1 GB/s"));
    assertThat(StorageAdvice.besides(slow, 1e9, 1e8)).isEmpty();
    assertThat(StorageAdvice.besides(slow, 1.1e8, 1e8).orElseThrow().toString())
        .contains("0.110 GB/s", "no more to plain reads", "faster disk");
    assertThat(StorageAdvice.besides(slow, 0, 1e8)).contains(slow);
    Advice other = Advice.fine(Reason.of("advice.nothing", "nothing stands out"));
    assertThat(StorageAdvice.besides(other, 1e9, 1e8)).contains(other);
  }

  @Test
  void jsonHasTheSame() throws IOException {
    Map<String, Object> all =
        JsonText.object(Fst.run("doctor", "--measure", folder, "--json").out());
    Map<?, ?> measured = (Map<?, ?>) all.get("measured");
    assertThat(measured.get("bytes")).isEqualTo(12_000_000L);
    assertThat((List<?>) measured.get("rates")).hasSizeGreaterThanOrEqualTo(6);
    assertThat((List<?>) measured.get("verdict")).isNotEmpty();
  }

  @Test
  void whatCanNotBeLoadedFailsInOneLine() throws IOException {
    Files.write(folder.resolve("a.safetensors"), new byte[4]);
    Fst fst = Fst.run("doctor", "--measure", folder);
    assertThat(fst.exit()).isEqualTo(1);
    assertThat(fst.errLines()).singleElement().asString().contains("a.safetensors");
  }

  @Test
  void tinyAndEmptyFilesAreMeasuredAsFarAsTheyGo() throws IOException {
    Files.delete(folder.resolve("a.safetensors"));
    Samples.write(folder.resolve("b.safetensors"), "b", DType.F32, Shape.of(0));
    Fst fst = Fst.run("doctor", "--measure", folder);
    assertThat(fst.exit()).isZero();
    assertThat(fst.out()).contains("are smaller than 65536 bytes", "nothing was loaded");
  }
}
