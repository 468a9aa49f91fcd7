// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import io.fastsafetensors.WindowPlan;
import io.fastsafetensors.WindowPlan.Largest;
import io.fastsafetensors.toolkit.text.Amounts;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;

/**
 * How a stream of a checkpoint would go.
 *
 * @param path the checkpoint
 * @param ranks how many ranks stream it
 * @param plan how
 */
record WindowDescription(Path path, int ranks, WindowPlan plan) {
  void printTo(PrintWriter out) {
    out.println("path      " + Printing.oneLine(path.toString()));
    out.println("ranks     " + ranks);
    out.println("window    " + Amounts.exactBytes(plan.window()));
    out.println("fits      " + fits());
    out.println("steps     " + plan.steps());
    if (plan.largest().isPresent()) {
      Largest largest = plan.largest().get();
      out.println(
          "largest   %s, takes %s".formatted(largest.info(), Amounts.exactBytes(largest.bytes())));
    }
    out.println("whole     from a window of " + Amounts.exactBytes(plan.wholeWindow()) + " on");
  }

  private String fits() {
    if (!plan.fits()) {
      return "no: want a larger window, or --pieces";
    }
    return plan.wholeWindow() <= plan.window() ? "yes" : "yes, large tensors in pieces";
  }

  void writeTo(JsonGenerator json) throws IOException {
    json.writeStringField("checkpoint", path.toString());
    json.writeNumberField("ranks", ranks);
    json.writeNumberField("window_bytes", plan.window());
    json.writeBooleanField("fits", plan.fits());
    json.writeNumberField("steps", plan.steps());
    if (plan.largest().isPresent()) {
      json.writeObjectFieldStart("largest");
      TensorLines.writeTensor(plan.largest().get().info(), json);
      json.writeNumberField("memory_bytes", plan.largest().get().bytes());
      json.writeEndObject();
    }
    json.writeNumberField("whole_window_bytes", plan.wholeWindow());
  }
}
