// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import io.fastsafetensors.ConversionReport;
import io.fastsafetensors.FileReport;
import io.fastsafetensors.LoadReport;
import io.fastsafetensors.PluginReport;
import io.fastsafetensors.TransferPath;
import java.io.IOException;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Writes the library's reports as JSON. */
final class ReportJson {
  private ReportJson() {}

  static void write(LoadReport report, JsonGenerator json) throws IOException {
    json.writeObjectFieldStart("report");
    json.writeStringField("device", report.device().toString());
    json.writeNumberField("kept_bytes", report.keptBytes());
    if (report.distribution().isPresent()) {
      json.writeStringField("distribution", lower(report.distribution().get()));
      Json.writeReason("distribution_reason", report.distributionReason(), json);
    }
    json.writeArrayFieldStart("plugins");
    for (PluginReport plugin : report.candidates()) {
      writePlugin(plugin, json, _ -> {});
    }
    json.writeEndArray();
    json.writeArrayFieldStart("conversions");
    for (ConversionReport conversion : report.conversions()) {
      writeConversion(conversion, json);
    }
    json.writeEndArray();
    json.writeArrayFieldStart("files");
    for (FileReport file : report.files()) {
      writeFile(file, json);
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  /** Writes a plug-in, with what is more to be said of it. */
  static void writePlugin(PluginReport plugin, JsonGenerator json, Json.Fields more)
      throws IOException {
    json.writeStartObject();
    json.writeStringField("kind", lower(plugin.kind()));
    json.writeStringField("id", plugin.id());
    json.writeNumberField("priority", plugin.priority());
    json.writeBooleanField("available", plugin.available());
    json.writeStringField("source", plugin.source());
    more.write(json);
    Json.writeReason("detail", plugin.detail(), json);
    json.writeEndObject();
  }

  private static void writeConversion(ConversionReport conversion, JsonGenerator json)
      throws IOException {
    json.writeStartObject();
    json.writeStringField("from", conversion.from().name());
    json.writeStringField("to", conversion.to().name());
    json.writeNumberField("tensors", conversion.tensors());
    Json.writeReason("reason", conversion.reason(), json);
    json.writeEndObject();
  }

  private static void writeFile(FileReport file, JsonGenerator json) throws IOException {
    json.writeStartObject();
    json.writeStringField("file", file.file().toString());
    json.writeStringField("backend", file.backend());
    json.writeNumberField("tensors", file.tensors());
    json.writeNumberField("bytes", file.bytes());
    writeWays(file.bytesByPath(), json);
    json.writeNumberField("seconds", file.elapsed().toNanos() / 1e9);
    json.writeNumberField("read_seconds", file.readTime().toNanos() / 1e9);
    json.writeNumberField("copy_seconds", file.copyTime().toNanos() / 1e9);
    Json.writeReason("reason", file.reason(), json);
    json.writeEndObject();
  }

  /** Writes the field {@code bytes_by_path}. */
  static void writeWays(Map<TransferPath, Long> ways, JsonGenerator json) throws IOException {
    json.writeObjectFieldStart("bytes_by_path");
    for (Map.Entry<TransferPath, Long> way : new TreeMap<>(ways).entrySet()) {
      json.writeNumberField(lower(way.getKey()), way.getValue());
    }
    json.writeEndObject();
  }

  private static String lower(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }
}
