// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import io.fastsafetensors.Checkpoint;
import io.fastsafetensors.format.SafetensorsHeader;
import io.fastsafetensors.format.TensorInfo;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Describes a file, or a checkpoint, by headers. */
@Command(
    name = "inspect",
    description = {
      "Prints a file's metadata, its tensors and totals per dtype.",
      "Of a folder or an index: what 'load' would load, and what it leaves out.",
      "Byte ranges count from the start of the data section, as in the header."
    })
final class InspectCommand implements Callable<Integer> {
  @Mixin private Output output;
  @Mixin private VariantOption variant;

  @Parameters(paramLabel = "PATH", description = "The file, index or folder; or its URI.")
  private Path path;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    Checkpoint checkpoint = variant.find(path);
    List<SafetensorsHeader> headers = checkpoint.headers();
    boolean isFile = checkpoint.files().equals(List.of(path));
    CheckpointDescription description = new CheckpointDescription(checkpoint, headers);
    if (json) {
      Json.printObject(
          output.out(),
          isFile ? fields -> writeJson(headers.getFirst(), fields) : description::writeTo);
    } else if (isFile) {
      print(headers.getFirst(), output.out());
    } else {
      description.printTo(output.out());
    }
    return ExitCode.OK;
  }

  private static void print(SafetensorsHeader header, PrintWriter out) {
    out.println("file      " + Printing.oneLine(header.path().toString()));
    out.println("size      " + header.fileSize() + " bytes, data from byte " + header.dataOffset());
    out.println("metadata  " + header.metadata().size());
    header
        .metadata()
        .forEach((key, value) -> out.println("  " + Printing.oneLine(key + " = " + value)));
    out.println("tensors   " + header.tensors().size());
    header.tensors().forEach(tensor -> out.println(TensorLines.line(tensor)));
    TensorLines.printTotals(header.tensors(), out);
  }

  private static void writeJson(SafetensorsHeader header, JsonGenerator json) throws IOException {
    TensorLines.writeFile(header, json);
    json.writeArrayFieldStart("tensors");
    for (TensorInfo tensor : header.tensors()) {
      json.writeStartObject();
      TensorLines.writeTensor(tensor, json);
      json.writeEndObject();
    }
    json.writeEndArray();
    TensorLines.writeTotals(header.tensors(), json);
  }
}
