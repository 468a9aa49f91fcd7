// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import io.fastsafetensors.LoadReport;
import io.fastsafetensors.Loader;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.SafetensorsHeader;
import io.fastsafetensors.format.TensorInfo;
import io.fastsafetensors.toolkit.host.HostLimits;
import io.fastsafetensors.toolkit.text.Amounts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Compares a load of files with what their storage and memory give; within twenty seconds. */
final class Measurement {
  private static final Duration LOADING = Duration.ofSeconds(4);
  private static final Duration READING = Duration.ofMillis(2500);
  private static final Duration READING_AGAIN = Duration.ofMillis(1500);
  private static final long MOST_READ = 4L << 30;
  private static final double MOSTLY = 0.9;
  private static final double GOOD = 0.8;
  private static final String DIRECT = "direct reads";
  private static final String BUFFERED = "reads by way of the page cache, as found";
  private static final Set<String> MEMORY = Set.of("tmpfs", "ramfs");
  private static final String CACHE = "reads of the page cache";

  private final Path path;
  private final List<Rate> rates = new ArrayList<>();
  private final List<Advice> advice = new ArrayList<>();
  private long bytes;
  private @Nullable MeasuredLoad found;
  private @Nullable MeasuredLoad again;

  private Measurement(Path path) {
    this.path = path;
  }

  /** Measures all; tells each speed as it is known. */
  static Measurement of(Path path) throws IOException {
    Measurement measurement = new Measurement(path);
    measurement.run();
    return measurement;
  }

  private void run() throws IOException {
    List<Path> files = files();
    MeasuredLoad first = load("load, as found");
    found = first;
    rates.add(first.rate());
    StorageProbe probe = new StorageProbe(files, Math.min(MOST_READ, room()));
    rates.add(probe.direct(READING));
    rates.add(probe.buffered(BUFFERED, READING));
    rates.add(probe.buffered(CACHE, READING_AGAIN));
    rates.add(MemoryProbe.copied());
    rates.add(MemoryProbe.touched(Math.min(bytes, room())));
    if (first.ofStorage() > 1 - MOSTLY && first.isWhole() && bytes < room()) {
      again = load("load, once more");
      rates.add(again.rate());
    }
    LoadReport report = first.report().toBuilder().bytes(bytes).build(); // also of a sample
    Advice.of(first.course(), Optional.of(report), MeasuredLoad.options(LOADING)).stream()
        .flatMap(each -> StorageAdvice.besides(each, disk(), first.rate().speed()).stream())
        .forEach(advice::add);
    // A load that copies mends it, as the measured one; others don't.
    TuningAdvice.misaligned(report)
        .filter(found ->
            advice.stream().noneMatch(each -> each.what().code().equals(found.what().code())))
        .ifPresent(advice::add);
  }

  private List<Path> files() throws LoadException {
    try (Loader loader = Loader.builder().timeout(LOADING).open(path)) {
      bytes = loader.tensors().stream().mapToLong(TensorInfo::byteSize).sum();
      return loader.files().stream().map(SafetensorsHeader::path).toList();
    }
  }

  /** Returns how much memory may be taken for a moment. */
  private static long room() {
    return HostLimits.SYSTEM.reservable() / 3;
  }

  private MeasuredLoad load(String name) throws LoadException {
    return bytes < room()
        ? MeasuredLoad.whole(path, name, LOADING)
        : MeasuredLoad.streamed(path, name, LOADING, false);
  }

  private double speed(String name) {
    return rates.stream().filter(rate -> rate.name().equals(name)).mapToDouble(Rate::speed).sum();
  }

  /** Says in words how a load compares. */
  List<String> verdict() {
    List<String> lines = new ArrayList<>();
    MeasuredLoad first = found;
    if (first == null || !first.rate().isKnown()) {
      return List.of("nothing was loaded: the files have no tensors with bytes");
    }
    if (first.ofStorage() >= MOSTLY) {
      lines.add(cold(first.rate()));
      MeasuredLoad warm = again;
      if (warm != null && warm.ofStorage() < 1 - MOSTLY) {
        lines.add(warm(warm.rate()));
      }
    } else if (first.ofStorage() <= 1 - MOSTLY) {
      lines.add(warm(first.rate()));
      if (!MEMORY.contains(fileSystem())) {
        lines.add(
            "the files were in the page cache, so that no cold load was measured: as root, drop it"
                + " by echo 1 > /proc/sys/vm/drop_caches and measure again");
      }
    } else {
      lines.add(
          String.format(
              Locale.ROOT,
              "%.0f %% of the bytes came from storage, the rest was in the page cache",
              100 * first.ofStorage()));
    }
    rates.stream()
        .filter(rate -> rate.name().equals(DIRECT) && !rate.isKnown())
        .forEach(rate -> lines.add(DIRECT + ": " + rate.detail()));
    advice.forEach(each -> lines.add(each.toString()));
    return lines;
  }

  /** Returns what plain reads of storage got; 0 if they got it from elsewhere. */
  private double disk() {
    return rates.stream()
        .filter(rate -> List.of(DIRECT, BUFFERED).contains(rate.name()))
        .filter(rate -> !StorageProbe.isOfPageCache(rate))
        .mapToDouble(Rate::speed)
        .max()
        .orElse(0);
  }

  private String cold(Rate load) {
    return disk() > 0
        ? compared("cold loads reach", load.speed() / disk(), "of this storage")
        : "plain reads came from the page cache: no cold load was compared with them";
  }

  /** Compares with what a load does that copies: it reads, and the system makes pages for it. */
  private String warm(Rate load) {
    double limit = 1 / (1 / speed(CACHE) + 1 / speed("memory, new"));
    return compared(
        "warm loads into new memory reach",
        load.speed() / limit,
        String.format(
            Locale.ROOT,
            "of what the page cache and new memory give together (%.2f GB/s)",
            limit / 1e9));
  }

  private static String compared(String what, double ratio, String of) {
    String judged = ratio >= GOOD ? "as they should" : "less than they should";
    return String.format(Locale.ROOT, "%s %.2f %s, %s", what, ratio, of, judged);
  }

  /** Returns a line for each thing that was measured. */
  List<String> lines() {
    List<String> lines = new ArrayList<>();
    lines.add("%-42s %s, %s".formatted("files", Amounts.bytes(bytes), fileSystem()));
    rates.forEach(rate -> lines.add("%-42s %s".formatted(rate.name(), rate)));
    return lines;
  }

  private String fileSystem() {
    try {
      return Files.getFileStore(path).type();
    } catch (IOException | RuntimeException e) {
      return "a file system of unknown kind";
    }
  }

  /** Writes the field {@code measured}. */
  void writeTo(JsonGenerator json) throws IOException {
    json.writeObjectFieldStart("measured");
    json.writeStringField("path", path.toString());
    json.writeStringField("file_system", fileSystem());
    json.writeNumberField("bytes", bytes);
    json.writeArrayFieldStart("rates");
    for (Rate rate : rates) {
      rate.writeTo(json);
    }
    json.writeEndArray();
    MeasuredLoad first = found;
    if (first != null) {
      json.writeNumberField("share_from_storage", first.ofStorage());
    }
    json.writeArrayFieldStart("verdict");
    for (String line : verdict()) {
      json.writeString(line);
    }
    json.writeEndArray();
    json.writeArrayFieldStart("advice");
    for (Advice each : advice) {
      json.writeStartObject();
      each.writeTo(json);
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeEndObject();
  }
}
