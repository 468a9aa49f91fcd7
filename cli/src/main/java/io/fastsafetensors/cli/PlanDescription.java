// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import io.fastsafetensors.Distribution;
import io.fastsafetensors.PartPlan;
import io.fastsafetensors.PartPlan.FileReads;
import io.fastsafetensors.PartPlan.RankReads;
import io.fastsafetensors.toolkit.text.Amounts;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;

/**
 * What ranks would read of a checkpoint.
 *
 * @param path the checkpoint
 * @param plan what they would read
 */
record PlanDescription(Path path, PartPlan plan) {
  void printTo(PrintWriter out) {
    out.println("path      " + Printing.oneLine(path.toString()));
    out.println("ranks     %s, distribution %s".formatted(plan.ranks().size(), distribution()));
    for (int rank = 0; rank < plan.ranks().size(); rank++) {
      RankReads reads = plan.ranks().get(rank);
      out.println(
          "  rank %s  %s in %s of %s files"
              .formatted(
                  rank,
                  line(reads.tensors(), reads.bytes(), reads.readBytes()),
                  ranges(reads.ranges()),
                  reads.files().size()));
      for (FileReads file : reads.files()) {
        out.println(
            "    %s  %s in %s"
                .formatted(
                    Printing.oneLine(file.file().toString()),
                    line(file.tensors(), file.bytes(), file.readBytes()),
                    ranges(file.ranges())));
      }
    }
    out.println("read      " + bytes(plan.readBytes()));
    out.println("needed    " + bytes(plan.onceBytes()));
    out.println("by many   " + bytes(plan.overlapBytes()));
    if (plan.ranks().size() > 1) {
      out.println("counted   " + counted());
    }
  }

  private String counted() {
    return plan.distribution() == Distribution.LOCAL
        ? "what each rank reads; of bytes by many, only the first on a host needs storage"
        : "bytes by the rank that reads them for all, not what others get of it or of page caches";
  }

  private String distribution() {
    return plan.distribution().name().toLowerCase(Locale.ROOT);
  }

  private static String line(long tensors, long memory, long read) {
    return "%s tensors  memory %s bytes  reads %s bytes".formatted(tensors, memory, read);
  }

  private static String ranges(long count) {
    return count + (count == 1 ? " range" : " ranges");
  }

  private static String bytes(long count) {
    return count + " bytes (" + Amounts.bytes(count) + ")";
  }

  void writeTo(JsonGenerator json) throws IOException {
    json.writeStringField("checkpoint", path.toString());
    json.writeStringField("distribution", distribution());
    json.writeArrayFieldStart("ranks");
    for (RankReads reads : plan.ranks()) {
      json.writeStartObject();
      json.writeNumberField("tensors", reads.tensors());
      json.writeNumberField("memory_bytes", reads.bytes());
      json.writeNumberField("read_bytes", reads.readBytes());
      json.writeNumberField("ranges", reads.ranges());
      json.writeArrayFieldStart("files");
      for (FileReads file : reads.files()) {
        json.writeStartObject();
        json.writeStringField("file", file.file().toString());
        json.writeNumberField("tensors", file.tensors());
        json.writeNumberField("memory_bytes", file.bytes());
        json.writeNumberField("read_bytes", file.readBytes());
        json.writeNumberField("ranges", file.ranges());
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeNumberField("read_bytes", plan.readBytes());
    json.writeNumberField("once_bytes", plan.onceBytes());
    json.writeNumberField("overlap_bytes", plan.overlapBytes());
  }
}
