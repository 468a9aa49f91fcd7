// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import io.fastsafetensors.FileReport;
import io.fastsafetensors.LoadReport;
import io.fastsafetensors.toolkit.text.Amounts;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What a load on this rank amounts to.
 *
 * @param files how many files were read
 * @param tensors how many tensors they gave
 * @param bytes the tensors' size, in bytes
 * @param seconds how long it took
 * @param backend who read: ids joined by commas
 * @param window what a stream went through
 * @param report the library's report
 */
record LoadOutcome(
    int files,
    int tensors,
    long bytes,
    double seconds,
    String backend,
    Optional<Window> window,
    LoadReport report) {
  /**
   * The memory of a stream.
   *
   * @param bytes its size
   * @param mostHeld how much of it was used at most
   */
  record Window(long bytes, long mostHeld) {}

  /** Sums up a report; {@code after} is what was done to the tensors after the load. */
  static LoadOutcome of(LoadReport report, Duration after) {
    return new LoadOutcome(
        report.files().size(),
        report.files().stream().mapToInt(FileReport::tensors).sum(),
        report.bytes(),
        report.elapsed().plus(after).toNanos() / 1e9,
        report.files().stream()
            .map(FileReport::backend)
            .distinct()
            .collect(Collectors.joining(",")),
        Optional.empty(),
        report);
  }

  /** Adds what a stream went through. */
  LoadOutcome through(long bytes, long mostHeld) {
    Optional<Window> used = Optional.of(new Window(bytes, mostHeld));
    return new LoadOutcome(files, tensors, this.bytes, seconds, backend, used, report);
  }

  double gbps() {
    return bytes == 0 ? 0 : bytes / seconds / 1e9;
  }

  void printTo(PrintWriter out) {
    out.printf("files    %s%s%n", files, files == 0 ? ", since none has a tensor to load" : "");
    out.printf("tensors  %s%n", tensors);
    out.printf("bytes    %s (%s)%n", bytes, Amounts.bytes(bytes));
    out.printf("seconds  %s%n", Printing.decimal(seconds));
    out.printf("GB/s     %s%n", Printing.decimal(gbps()));
    window.ifPresent(used ->
        out.printf(
            "window   %s, at most %s used%n",
            Amounts.exactBytes(used.bytes), Amounts.exactBytes(used.mostHeld)));
    out.println(report);
  }

  void writeTo(JsonGenerator json) throws IOException {
    writeSumsTo(json);
    json.writeStringField("explain", report.toString());
    ReportJson.write(report, json);
  }

  /** Writes all but the report. */
  void writeSumsTo(JsonGenerator json) throws IOException {
    json.writeNumberField("files", files);
    json.writeNumberField("tensors", tensors);
    json.writeNumberField("bytes", bytes);
    json.writeObjectFieldStart("bytes_by_source");
    json.writeNumberField("storage", report.storageBytes());
    json.writeNumberField("page_cache", report.cachedBytes());
    json.writeNumberField("other_ranks", report.receivedBytes());
    json.writeEndObject();
    json.writeNumberField("seconds", seconds);
    json.writeNumberField("gbps", gbps());
    json.writeStringField("backend", backend);
    if (window.isPresent()) {
      json.writeNumberField("window_bytes", window.get().bytes);
      json.writeNumberField("window_bytes_used", window.get().mostHeld);
    }
  }
}
