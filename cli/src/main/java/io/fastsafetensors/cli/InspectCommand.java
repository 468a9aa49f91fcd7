// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import io.fastsafetensors.Checkpoint;
import io.fastsafetensors.PartPlan;
import io.fastsafetensors.WindowPlan;
import io.fastsafetensors.format.SafetensorsHeader;
import io.fastsafetensors.format.TensorInfo;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
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
      "Byte ranges count from the start of the data section, as in the header.",
      "With --ranks, or options for parts as 'load' has them: what each rank would read.",
      "With --window: how a stream of that would go through it."
    })
final class InspectCommand implements Callable<Integer> {
  @Mixin private Output output;
  @Mixin private VariantOption variant;

  @Parameters(paramLabel = "PATH", description = "The file, index or folder; or its URI.")
  private Path path;

  @Mixin private PartArguments parts;

  @Option(
      names = "--ranks",
      paramLabel = "N",
      description = "Plan for so many ranks. Default: 1, where there are options for parts.")
  private @Nullable Integer ranks;

  @Mixin private WindowOption window;

  @Option(names = "--pieces", description = "Plan a stream in which large tensors are in pieces.")
  private boolean pieces;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    Checkpoint checkpoint = variant.find(path);
    int count = ranks == null ? 1 : ranks;
    if (window.isGiven()) {
      planStream(checkpoint, count);
    } else if (pieces) {
      throw new IllegalArgumentException("--pieces is for --window");
    } else if (ranks == null && parts.isEmpty()) {
      describe(checkpoint);
    } else {
      plan(checkpoint, count);
    }
    return ExitCode.OK;
  }

  private void planStream(Checkpoint checkpoint, int count) throws IOException {
    WindowPlan plan =
        checkpoint.planStream(
            count, rank -> window.options(parts.optionsOf(rank, count)).pieces(pieces).build());
    WindowDescription description = new WindowDescription(checkpoint.path(), count, plan);
    if (json) {
      Json.printObject(output.out(), description::writeTo);
    } else {
      description.printTo(output.out());
    }
  }

  private void plan(Checkpoint checkpoint, int count) throws IOException {
    PartPlan plan = checkpoint.plan(count, rank -> parts.optionsOf(rank, count));
    PlanDescription description = new PlanDescription(checkpoint.path(), plan);
    if (json) {
      Json.printObject(output.out(), description::writeTo);
    } else {
      description.printTo(output.out());
    }
  }

  private void describe(Checkpoint checkpoint) throws IOException {
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
