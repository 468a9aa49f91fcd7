// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import io.fastsafetensors.FileReport;
import io.fastsafetensors.LoadEvent;
import io.fastsafetensors.LoadRecord;
import io.fastsafetensors.LoadReport;
import io.fastsafetensors.TransferPath;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What one rank tells on a page.
 *
 * @param rank which
 * @param ranks of how many
 * @param command the arguments of the command
 * @param limits speeds that were measured, in bytes a second
 * @param course what was done when
 * @param memory how much was used when
 * @param outcome the same as {@code --json} prints, if the load succeeded
 * @param failure what it failed by
 * @param advice what stands out
 */
record RecordJson(
    int rank,
    int ranks,
    List<String> command,
    Map<String, Long> limits,
    LoadRecord course,
    List<MemorySamples.Sample> memory,
    Optional<LoadOutcome> outcome,
    Optional<String> failure,
    List<Advice> advice) {
  /** So that a page stays below a megabyte. */
  private static final int MOST_EVENTS = 5000;

  private static final int MOST_FILES = 200;

  /** Returns how many events of each rank a page has room for. */
  static int mostEvents(int ranks) {
    return Math.max(200, MOST_EVENTS / ranks);
  }

  void writeTo(JsonGenerator json) throws IOException {
    json.writeNumberField("rank", rank);
    json.writeNumberField("ranks", ranks);
    json.writeStringField("host", host());
    json.writeStringField("version", BuildVersion.text());
    json.writeNumberField("begun", seconds(course.begun()));
    json.writeNumberField("elapsed", course.elapsed().toNanos() / 1e9);
    writeStrings("command", command, json);
    writeLimits(json);
    if (failure.isPresent()) {
      json.writeStringField("failure", Printing.oneLine(failure.get()));
    }
    if (outcome.isPresent()) {
      json.writeObjectFieldStart("load");
      writeLoad(outcome.get(), json);
      json.writeEndObject();
    }
    writeEvents(json);
    writeMemory(json);
    writeAdvice(json);
    writeFacts(json);
    SettingFacts.read().writeTo(json);
  }

  private void writeLimits(JsonGenerator json) throws IOException {
    json.writeArrayFieldStart("limits");
    for (Map.Entry<String, Long> limit : limits.entrySet()) {
      json.writeStartObject();
      json.writeStringField("name", limit.getKey());
      json.writeNumberField("bytes_per_second", limit.getValue());
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  private static double seconds(Instant instant) {
    return instant.getEpochSecond() + instant.getNano() / 1e9;
  }

  private static String host() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (IOException e) {
      return "of unknown name";
    }
  }

  private static void writeStrings(String field, Iterable<String> texts, JsonGenerator json)
      throws IOException {
    json.writeArrayFieldStart(field);
    for (String text : texts) {
      json.writeString(text);
    }
    json.writeEndArray();
  }

  /** Writes what {@code --json} prints, with the largest files by themselves. */
  private void writeLoad(LoadOutcome load, JsonGenerator json) throws IOException {
    load.writeSumsTo(json);
    LoadReport report = load.report();
    List<FileReport> bySize =
        report.files().stream()
            .sorted(Comparator.comparingLong(FileReport::bytes).reversed())
            .toList();
    int shown = Math.min(bySize.size(), Math.max(20, MOST_FILES / ranks));
    ReportJson.write(report.toBuilder().files(bySize.subList(0, shown)).build(), json);
    List<FileReport> others = bySize.subList(shown, bySize.size());
    if (!others.isEmpty()) {
      json.writeObjectFieldStart("other_files");
      json.writeNumberField("count", others.size());
      json.writeNumberField("bytes", others.stream().mapToLong(FileReport::bytes).sum());
      Map<TransferPath, Long> ways = new EnumMap<>(TransferPath.class);
      others.forEach(file ->
          file.bytesByPath().forEach((way, bytes) -> ways.merge(way, bytes, Math::addExact)));
      ReportJson.writeWays(ways, json);
      json.writeEndObject();
    }
  }

  /** Writes a row of numbers for each event; names of files and threads are told once. */
  private void writeEvents(JsonGenerator json) throws IOException {
    Map<String, Integer> files = new LinkedHashMap<>();
    Map<String, Integer> threads = new LinkedHashMap<>();
    json.writeArrayFieldStart("events");
    for (LoadEvent event : course.events()) {
      json.writeStartArray();
      json.writeString(event.kind().toString());
      json.writeString(event.path().map(TransferPath::toString).orElse(""));
      json.writeNumber(event.file().map(file -> number(file.toString(), files)).orElse(-1));
      json.writeNumber(event.thread().isEmpty() ? -1 : number(event.thread(), threads));
      json.writeNumber(micros(event.start()));
      json.writeNumber(micros(event.start().plus(event.elapsed())));
      json.writeNumber(micros(event.busy()));
      json.writeNumber(event.bytes());
      json.writeNumber(event.count());
      json.writeEndArray();
    }
    json.writeEndArray();
    writeStrings("files", files.keySet(), json);
    writeStrings("threads", threads.keySet(), json);
  }

  private static int number(String name, Map<String, Integer> numbers) {
    return numbers.computeIfAbsent(name, _ -> numbers.size());
  }

  private static long micros(Duration time) {
    return time.toNanos() / 1000;
  }

  private void writeMemory(JsonGenerator json) throws IOException {
    long begun = course.begun().toEpochMilli() * 1_000_000;
    json.writeObjectFieldStart("memory");
    json.writeArrayFieldStart("samples");
    for (MemorySamples.Sample sample : memory) {
      if (sample.nanos() >= begun) {
        json.writeStartArray();
        json.writeNumber((sample.nanos() - begun) / 1000);
        json.writeNumber(sample.own());
        json.writeNumber(sample.ofFiles());
        json.writeEndArray();
      }
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private void writeAdvice(JsonGenerator json) throws IOException {
    json.writeArrayFieldStart("advice");
    for (Advice each : advice) {
      json.writeStartObject();
      each.writeTo(json);
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  private static void writeFacts(JsonGenerator json) throws IOException {
    json.writeArrayFieldStart("facts");
    for (Map.Entry<String, String> fact : HostFacts.read().entrySet()) {
      writeFact(fact.getKey(), fact.getValue(), json);
    }
    for (String limit : LimitFacts.read()) {
      writeFact("limit", limit, json);
    }
    json.writeEndArray();
  }

  private static void writeFact(String name, String text, JsonGenerator json) throws IOException {
    json.writeStartObject();
    json.writeStringField("name", name);
    json.writeStringField("text", text);
    json.writeEndObject();
  }
}
