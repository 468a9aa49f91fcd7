// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.LoadRecord;
import io.fastsafetensors.LoadReport;
import io.fastsafetensors.Reason;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Something about a load that stands out.
 *
 * @param what what it is
 * @param remedy what to do about it; empty if nothing needs to be done
 */
record Advice(Reason what, String remedy) {
  /** What makes reads slow on storage that may be fast, and is told first. */
  private static final Set<String> EXPLAINS =
      Set.of(
          "advice.one-thread",
          "advice.small-blocks",
          "advice.direct-off",
          "advice.group-limit",
          "advice.little-memory");

  /** Makes one about which nothing needs to be done. */
  static Advice fine(Reason what) {
    return new Advice(what, "");
  }

  /**
   * Says what stands out of a load.
   *
   * @param course what was done when
   * @param report what it did, if it has succeeded
   * @param options what was asked for
   */
  static List<Advice> of(LoadRecord course, Optional<LoadReport> report, LoadOptions options) {
    List<Advice> all = new ArrayList<>();
    report.ifPresent(made ->
        Stream.of(
                StorageAdvice.of(made, course),
                TuningAdvice.of(made, course, options),
                HostAdvice.of(made))
            .forEach(all::addAll));
    all.addAll(WaitingAdvice.of(course));
    if (all.stream().anyMatch(each -> EXPLAINS.contains(each.what().code()))) {
      all.sort(Comparator.comparing(each -> each.what().code().equals(StorageAdvice.SLOW)));
    }
    if (all.isEmpty() && report.isPresent()) {
      all.add(fine(Reason.of("advice.nothing", "nothing stands out")));
    }
    return all;
  }

  void writeTo(JsonGenerator json) throws IOException {
    json.writeStringField("code", what.code());
    json.writeStringField("text", what.toString());
    json.writeStringField("remedy", remedy);
  }

  /** Returns a line. */
  @Override
  public String toString() {
    return remedy.isEmpty() ? what.toString() : what + "; " + remedy;
  }
}
