// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** Reads what {@code doctor --measure --json} has printed. */
final class MeasuredLimits {
  private static final Set<String> DRAWN = Set.of("direct reads", "reads of the page cache");

  private MeasuredLimits() {}

  /** Returns speeds by name, in bytes a second, to draw beside a load's. */
  static Map<String, Long> read(Path file) {
    Map<String, Long> limits = new LinkedHashMap<>();
    try (InputStream in = Files.newInputStream(file);
        JsonParser json = new JsonFactory().createParser(in)) {
      String name = "";
      for (JsonToken token = json.nextToken(); token != null; token = json.nextToken()) {
        if (token == JsonToken.VALUE_STRING && "name".equals(json.currentName())) {
          name = json.getText();
        } else if (token == JsonToken.VALUE_NUMBER_INT
            && "bytes_per_second".equals(json.currentName())
            && DRAWN.contains(name)
            && json.getLongValue() > 0) {
          limits.put(name, json.getLongValue());
        }
      }
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "--limits " + file + ": can't be read: " + Failures.message(e), e);
    }
    if (limits.isEmpty()) {
      throw new IllegalArgumentException(
          "--limits "
              + file
              + ": has no speeds: want what fst doctor --measure PATH --json prints");
    }
    return limits;
  }
}
