// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import io.fastsafetensors.SaveReport;
import io.fastsafetensors.SavedFile;
import io.fastsafetensors.toolkit.text.Amounts;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;

/**
 * What a save has done.
 *
 * @param target where it was asked to go
 * @param report what the library says
 * @param isVerified whether it was read again and compared
 */
record SaveDescription(Path target, SaveReport report, boolean isVerified) {
  private int tensors() {
    return report.files().stream().mapToInt(SavedFile::tensors).sum();
  }

  private double seconds() {
    return report.elapsed().toNanos() / 1e9;
  }

  void printTo(PrintWriter out) {
    out.printf(
        "%s: %s bytes (%s) in %s tensors of %s files, %s s, %s GB/s%s%n",
        Printing.oneLine(target.toString()),
        report.bytes(),
        Amounts.bytes(report.bytes()),
        tensors(),
        report.files().size(),
        Printing.decimal(seconds()),
        Printing.decimal(report.gbps()),
        isVerified ? ", verified" : "");
    report.notes().forEach(note -> out.println("  " + note));
  }

  void writeTo(JsonGenerator json) throws IOException {
    json.writeStringField("target", target.toString());
    if (report.index().isPresent()) {
      json.writeStringField("index", report.index().get().toString());
    }
    json.writeNumberField("tensors", tensors());
    json.writeNumberField("bytes", report.bytes());
    json.writeNumberField("seconds", seconds());
    json.writeBooleanField("verified", isVerified);
    json.writeArrayFieldStart("files");
    for (SavedFile file : report.files()) {
      json.writeStartObject();
      json.writeStringField("path", file.file().toString());
      json.writeNumberField("bytes", file.bytes());
      json.writeNumberField("tensors", file.tensors());
      json.writeEndObject();
    }
    json.writeEndArray();
  }
}
