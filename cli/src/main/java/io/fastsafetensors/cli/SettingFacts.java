// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import io.fastsafetensors.Configuration;
import io.fastsafetensors.Configuration.Setting;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * What is in force, and what is wrong with it.
 *
 * @param settings all settings; none if they can't be read
 * @param problems a sentence each
 */
record SettingFacts(List<Setting> settings, List<String> problems) {
  /** Reads all. For the command, a variable that looks like ours and is unknown is a mistake. */
  static SettingFacts read() {
    try {
      Configuration configuration = Configuration.inForce();
      return new SettingFacts(
          configuration.settings(),
          Stream.concat(
                  configuration.problems().stream(), configuration.unknownVariables().stream())
              .toList());
    } catch (IllegalArgumentException e) {
      return new SettingFacts(List.of(), List.of(String.valueOf(e.getMessage())));
    }
  }

  /** Fails if something is wrong. */
  void check() {
    if (!problems.isEmpty()) {
      String more =
          problems.size() == 1 ? "" : "; fst doctor lists " + problems.size() + " problems";
      throw new IllegalArgumentException(problems.getFirst() + more);
    }
  }

  /** Returns a line for each setting. */
  List<String> lines() {
    List<String> lines = new ArrayList<>();
    for (Setting setting : settings) {
      String origin = setting.origin().map(who -> "set by " + who).orElse("default");
      lines.add("%-20s %s (%s)".formatted(setting.name(), setting.value(), origin));
    }
    return lines;
  }

  /** Writes the fields {@code settings} and {@code problems}. */
  void writeTo(JsonGenerator json) throws IOException {
    json.writeArrayFieldStart("settings");
    for (Setting setting : settings) {
      json.writeStartObject();
      json.writeStringField("name", setting.name());
      json.writeStringField("value", setting.value());
      json.writeStringField("origin", setting.origin().orElse("default"));
      json.writeStringField("reader", setting.reader());
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeArrayFieldStart("problems");
    for (String problem : problems) {
      json.writeString(problem);
    }
    json.writeEndArray();
  }
}
