// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.SafetensorsHeader;
import io.fastsafetensors.format.TensorInfo;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.LongSummaryStatistics;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** How {@code inspect} shows the tensors of headers. */
final class TensorLines {
  private TensorLines() {}

  static String line(TensorInfo tensor) {
    return "  %s  %s  [%s, %s)  %s"
        .formatted(
            tensor.dtype(),
            tensor.shape(),
            Long.toString(tensor.begin()),
            Long.toString(tensor.end()),
            Printing.oneLine(tensor.name()));
  }

  /** Counts the tensors and sums their bytes, by type. */
  private static Map<DType, LongSummaryStatistics> totals(List<TensorInfo> tensors) {
    return tensors.stream()
        .collect(
            Collectors.groupingBy(
                TensorInfo::dtype, TreeMap::new, Collectors.summarizingLong(TensorInfo::byteSize)));
  }

  static void printTotals(List<TensorInfo> tensors, PrintWriter out) {
    out.println("totals");
    totals(tensors)
        .forEach((dtype, sizes) ->
            out.println(
                "  " + dtype + "  " + sizes.getCount() + " tensors  " + sizes.getSum() + " bytes"));
  }

  static void writeFile(SafetensorsHeader header, JsonGenerator json) throws IOException {
    json.writeStringField("file", header.path().toString());
    json.writeNumberField("size", header.fileSize());
    json.writeNumberField("data_offset", header.dataOffset());
    json.writeObjectFieldStart("metadata");
    for (Map.Entry<String, String> entry : header.metadata().entrySet()) {
      json.writeStringField(entry.getKey(), entry.getValue());
    }
    json.writeEndObject();
  }

  /** Writes the fields of one tensor. */
  static void writeTensor(TensorInfo tensor, JsonGenerator json) throws IOException {
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
  }

  static void writeTotals(List<TensorInfo> tensors, JsonGenerator json) throws IOException {
    json.writeObjectFieldStart("totals");
    for (Map.Entry<DType, LongSummaryStatistics> total : totals(tensors).entrySet()) {
      json.writeObjectFieldStart(total.getKey().name());
      json.writeNumberField("tensors", total.getValue().getCount());
      json.writeNumberField("bytes", total.getValue().getSum());
      json.writeEndObject();
    }
    json.writeEndObject();
  }
}
