// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import io.fastsafetensors.DType;
import io.fastsafetensors.SafetensorsHeader;
import io.fastsafetensors.TensorInfo;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LongSummaryStatistics;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Describes a file by its header. */
@Command(
    name = "inspect",
    description = {
      "Prints a file's metadata, its tensors and totals per dtype.",
      "Byte ranges count from the start of the data section, as in the header."
    })
final class InspectCommand implements Callable<Integer> {
  @Mixin private Output output;

  @Parameters(paramLabel = "PATH", description = "The file.")
  private Path path;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    SafetensorsHeader header = SafetensorsHeader.read(path);
    if (json) {
      Json.printObject(output.out(), fields -> writeJson(header, fields));
    } else {
      print(header, output.out());
    }
    return ExitCode.OK;
  }

  /** Counts the tensors and sums their bytes, by type. */
  private static Map<DType, LongSummaryStatistics> totals(SafetensorsHeader header) {
    return header.tensors().stream()
        .collect(
            Collectors.groupingBy(
                TensorInfo::dtype, TreeMap::new, Collectors.summarizingLong(TensorInfo::byteSize)));
  }

  private static void print(SafetensorsHeader header, PrintWriter out) {
    out.printf("file      %s%n", Printing.oneLine(header.path().toString()));
    out.printf("size      %s bytes, data from byte %s%n", header.fileSize(), header.dataOffset());
    out.printf("metadata  %s%n", header.metadata().size());
    header
        .metadata()
        .forEach((key, value) -> out.println("  " + Printing.oneLine(key + " = " + value)));
    out.printf("tensors   %s%n", header.tensors().size());
    header.tensors().forEach(tensor -> out.println(line(tensor)));
    out.printf("totals%n");
    totals(header)
        .forEach((dtype, sizes) ->
            out.printf("  %s  %s tensors  %s bytes%n", dtype, sizes.getCount(), sizes.getSum()));
  }

  private static String line(TensorInfo tensor) {
    return String.format(
        "  %s  %s  [%s, %s)  %s",
        tensor.dtype(),
        tensor.shape(),
        tensor.begin(),
        tensor.end(),
        Printing.oneLine(tensor.name()));
  }

  private static void writeJson(SafetensorsHeader header, JsonGenerator json) throws IOException {
    json.writeStringField("file", header.path().toString());
    json.writeNumberField("size", header.fileSize());
    json.writeNumberField("data_offset", header.dataOffset());
    json.writeObjectFieldStart("metadata");
    for (Map.Entry<String, String> entry : header.metadata().entrySet()) {
      json.writeStringField(entry.getKey(), entry.getValue());
    }
    json.writeEndObject();
    json.writeArrayFieldStart("tensors");
    for (TensorInfo tensor : header.tensors()) {
      writeTensor(tensor, json);
    }
    json.writeEndArray();
    writeTotals(header, json);
  }

  private static void writeTensor(TensorInfo tensor, JsonGenerator json) throws IOException {
    json.writeStartObject();
    json.writeStringField("name", tensor.name());
    json.writeStringField("dtype", tensor.dtype().name());
    json.writeArrayFieldStart("shape");
    for (long dim : tensor.shape().dims()) {
      json.writeNumber(Long.toUnsignedString(dim));
    }
    json.writeEndArray();
    json.writeFieldName("data_offsets");
    json.writeArray(new long[] {tensor.begin(), tensor.end()}, 0, 2);
    json.writeNumberField("bytes", tensor.byteSize());
    json.writeEndObject();
  }

  private static void writeTotals(SafetensorsHeader header, JsonGenerator json) throws IOException {
    json.writeObjectFieldStart("totals");
    for (Map.Entry<DType, LongSummaryStatistics> total : totals(header).entrySet()) {
      json.writeObjectFieldStart(total.getKey().name());
      json.writeNumberField("tensors", total.getValue().getCount());
      json.writeNumberField("bytes", total.getValue().getSum());
      json.writeEndObject();
    }
    json.writeEndObject();
  }
}
