// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.Device;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.FileReport;
import io.fastsafetensors.LoadEvent;
import io.fastsafetensors.LoadEvent.Kind;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.LoadRecord;
import io.fastsafetensors.LoadRecorder;
import io.fastsafetensors.LoadReport;
import io.fastsafetensors.Loader;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.toolkit.host.HostLimits;
import io.fastsafetensors.toolkit.host.MemoryLimit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What stands out of loads is said, and isn't of loads that are as they should be. */
@Timeout(120)
class AdviceTests {
  private static final LoadOptions DEFAULTS = LoadOptions.defaults();

  @TempDir private Path folder;

  /** A load by direct reads of so many bytes, one after the other. */
  private LoadReport read(LoadRecorder recorder, long bytes, Duration time) {
    Path file = folder.resolve("m.safetensors");
    recorder.onEvent(LoadEvent.builder(1, Kind.BEGUN).build());
    recorder.onEvent(
        LoadEvent.builder(1, Kind.READ)
            .file(file)
            .path(TransferPath.DIRECT)
            .range(0, bytes)
            .time(Duration.ZERO, time)
            .build());
    FileReport read =
        FileReport.builder(file, "posix")
            .bytes(bytes)
            .storageBytes(bytes)
            .bytesByPath(Map.of(TransferPath.DIRECT, bytes))
            .build();
    return LoadReport.builder(Device.CPU).files(List.of(read)).bytes(bytes).build();
  }

  private static List<String> codes(LoadRecord course, LoadReport report) {
    return Advice.of(course, Optional.of(report), DEFAULTS).stream()
        .map(each -> each.what().code())
        .toList();
  }

  @Test
  void storageIsBlamedLastWhereSomethingElseExplainsIt() {
    LoadRecorder recorder = new LoadRecorder();
    LoadReport report = read(recorder, 100_000_000, Duration.ofSeconds(1));
    LoadOptions slow = LoadOptions.builder().threads(1).build();
    List<Advice> all = Advice.of(recorder.record(), Optional.of(report), slow);
    assertThat(all).extracting(each -> each.what().code()).contains("advice.one-thread");
    assertThat(all.getLast().what().code()).isEqualTo("advice.slow-storage");
  }

  @ParameterizedTest
  @CsvSource({
    "100000000, 1000, true", // 0.1 GB/s
    "10000000, 2000, true", // little, since storage gives next to nothing
    "10000000, 200, false", // little in a moment, which tells nothing
    "1000000000, 1000, false"
  })
  void slowStorageIsNamed(long bytes, long millis, boolean isSlow) {
    LoadRecorder recorder = new LoadRecorder();
    LoadReport report = read(recorder, bytes, Duration.ofMillis(millis));
    assertThat(codes(recorder.record(), report).contains("advice.slow-storage")).isEqualTo(isSlow);
  }

  /** The first headers of a JVM take some tenths of a second, whatever the files. */
  @ParameterizedTest
  @CsvSource({"600, false", "1500, true"})
  void headersAreNamedIfTheyTakeLong(long millis, boolean isNamed) {
    LoadRecorder recorder = new LoadRecorder();
    recorder.onEvent(LoadEvent.builder(1, Kind.BEGUN).build());
    recorder.onEvent(
        LoadEvent.builder(1, Kind.HEADERS).time(Duration.ZERO, Duration.ofMillis(millis)).build());
    List<Advice> all = Advice.of(recorder.record(), Optional.empty(), DEFAULTS);
    assertThat(all.stream().anyMatch(each -> each.what().code().equals("advice.headers")))
        .isEqualTo(isNamed);
  }

  @Test
  void whatMemoryCanNotHoldBesideThePageCacheIsNamed() {
    long free =
        HostLimits.SYSTEM.limits().stream()
            .filter(limit -> limit.kind() == MemoryLimit.Kind.MACHINE)
            .mapToLong(MemoryLimit::freeBytes)
            .findFirst()
            .orElseThrow();
    LoadRecorder recorder = new LoadRecorder();
    Duration time = Duration.ofSeconds(1);
    assertThat(codes(recorder.record(), read(recorder, free, time)))
        .contains("advice.little-memory");
    assertThat(codes(recorder.record(), read(recorder, 1 << 20, time)))
        .doesNotContain("advice.little-memory", "advice.group-limit");
  }

  /** A byte that stands before others moves them to odd addresses; behind them it does no harm. */
  @ParameterizedTest
  @CsvSource({"0, 1, true", "4000, 0, false"})
  void misalignedTensorsAreCounted(int flag, int weights, boolean isMisaligned) throws Exception {
    String header =
        """
        {"flag":{"dtype":"U8","shape":[1],"data_offsets":[%d,%d]},
        "weights":{"dtype":"F32","shape":[1000],"data_offsets":[%d,%d]}}\
        """
            .formatted(flag, flag + 1, weights, weights + 4000);
    header += " ".repeat(-header.length() & 7);
    Path file = Samples.raw(folder.resolve("m.safetensors"), header, 4001);
    LoadRecorder recorder = new LoadRecorder();
    try (Loader loader = Loader.builder().listener(recorder).open(file);
        FileBuffer buffer = loader.load(LoadOptions.builder().path(AccessPath.MAPPED).build())) {
      List<Advice> all = Advice.of(recorder.record(), Optional.of(buffer.report()), DEFAULTS);
      assertThat(all.toString().contains("1 tensors lie in their files at places"))
          .isEqualTo(isMisaligned);
    }
  }

  @Test
  void aLoadThatIsCutOffIsSampled() throws IOException {
    for (String name : List.of("a", "b", "c")) {
      Samples.write(folder.resolve(name + ".safetensors"), name, DType.F32, Shape.of(3_000_000));
    }
    MeasuredLoad load = MeasuredLoad.whole(folder, "load", Duration.ofNanos(1));
    assertThat(load.isWhole()).isFalse();
    assertThat(load.report().files()).isNotEmpty().allMatch(file -> file.bytes() > 0);
  }

  @Test
  void aStreamEndsAtTheLimit() throws IOException {
    Path file = folder.resolve("a.safetensors");
    Samples.write(file, "a", DType.F32, Shape.of(60_000_000)); // pieces of 32 MiB
    MeasuredLoad cut = MeasuredLoad.streamed(file, "load", Duration.ofNanos(1), true);
    assertThat(cut.isWhole()).isFalse();
    MeasuredLoad all = MeasuredLoad.streamed(file, "load", Duration.ofMinutes(1), true);
    assertThat(all.isWhole()).isTrue();
    assertThat(all.rate().bytes()).isGreaterThanOrEqualTo(240_000_000); // whole pages
    assertThat(Files.size(file)).isGreaterThan(cut.rate().bytes());
  }
}
