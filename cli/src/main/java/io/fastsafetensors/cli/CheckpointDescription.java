// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import io.fastsafetensors.Checkpoint;
import io.fastsafetensors.Checkpoint.LeftOut;
import io.fastsafetensors.format.SafetensorsHeader;
import io.fastsafetensors.format.TensorInfo;
import io.fastsafetensors.toolkit.text.Amounts;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;

/**
 * What a load of a folder or an index would load.
 *
 * @param checkpoint its files, and what is left out
 * @param headers their headers
 */
record CheckpointDescription(Checkpoint checkpoint, List<SafetensorsHeader> headers) {
  private List<TensorInfo> tensors() {
    return headers.stream().flatMap(header -> header.tensors().stream()).toList();
  }

  private static long bytes(List<TensorInfo> tensors) {
    return tensors.stream().mapToLong(TensorInfo::byteSize).sum();
  }

  void printTo(PrintWriter out) {
    out.println("path      " + text(checkpoint.path()));
    checkpoint.index().ifPresent(index -> out.println("index     " + text(index)));
    out.println("files     " + headers.size());
    headers.forEach(header -> printFile(header, out));
    out.println("left out  " + checkpoint.leftOut().size());
    for (LeftOut left : checkpoint.leftOut()) {
      out.println("  " + text(left.file().getFileName()) + "  " + left.reason());
    }
    List<TensorInfo> tensors = tensors();
    out.println("tensors   " + tensors.size());
    for (SafetensorsHeader header : headers) {
      String file = "  " + text(header.path().getFileName());
      header.tensors().forEach(tensor -> out.println(TensorLines.line(tensor) + file));
    }
    TensorLines.printTotals(tensors, out);
    out.println("bytes     " + bytes(tensors) + " (" + Amounts.bytes(bytes(tensors)) + ")");
  }

  private static void printFile(SafetensorsHeader header, PrintWriter out) {
    out.println(
        "  %s  %s bytes, data from byte %s, %s tensors"
            .formatted(
                text(header.path()),
                header.fileSize(),
                header.dataOffset(),
                header.tensors().size()));
    header
        .metadata()
        .forEach((key, value) -> out.println("    " + Printing.oneLine(key + " = " + value)));
  }

  private static String text(Path path) {
    return Printing.oneLine(path.toString());
  }

  void writeTo(JsonGenerator json) throws IOException {
    json.writeStringField("checkpoint", checkpoint.path().toString());
    if (checkpoint.index().isPresent()) {
      json.writeStringField("index", checkpoint.index().get().toString());
    }
    json.writeArrayFieldStart("files");
    for (SafetensorsHeader header : headers) {
      json.writeStartObject();
      TensorLines.writeFile(header, json);
      json.writeNumberField("tensors", header.tensors().size());
      json.writeNumberField("bytes", bytes(header.tensors()));
      json.writeEndObject();
    }
    json.writeEndArray();
    writeLeftOut(json);
    json.writeArrayFieldStart("tensors");
    for (SafetensorsHeader header : headers) {
      for (TensorInfo tensor : header.tensors()) {
        json.writeStartObject();
        TensorLines.writeTensor(tensor, json);
        json.writeStringField("file", header.path().toString());
        json.writeEndObject();
      }
    }
    json.writeEndArray();
    TensorLines.writeTotals(tensors(), json);
    json.writeNumberField("bytes", bytes(tensors()));
  }

  private void writeLeftOut(JsonGenerator json) throws IOException {
    json.writeArrayFieldStart("left_out");
    for (LeftOut left : checkpoint.leftOut()) {
      json.writeStartObject();
      json.writeStringField("file", left.file().toString());
      Json.writeReason("reason", left.reason(), json);
      json.writeEndObject();
    }
    json.writeEndArray();
  }
}
