// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import io.fastsafetensors.toolkit.text.Amounts;
import java.io.IOException;
import java.util.Locale;

/**
 * A speed that was measured.
 *
 * @param name of what
 * @param bytes how much was moved
 * @param seconds how long it took
 * @param detail what else is known of it; may be empty
 */
record Rate(String name, long bytes, double seconds, String detail) {
  /** Makes one of something that can't be measured. */
  static Rate unknown(String name, String why) {
    return new Rate(name, 0, 0, why);
  }

  boolean isKnown() {
    return bytes > 0 && seconds > 0;
  }

  /** Returns bytes a second; 0 if it isn't known. */
  double speed() {
    return isKnown() ? bytes / seconds : 0;
  }

  void writeTo(JsonGenerator json) throws IOException {
    json.writeStartObject();
    json.writeStringField("name", name);
    json.writeNumberField("bytes", bytes);
    json.writeNumberField("seconds", seconds);
    json.writeNumberField("bytes_per_second", Math.round(speed()));
    json.writeStringField("detail", detail);
    json.writeEndObject();
  }

  /** Returns a line. */
  @Override
  public String toString() {
    String more = detail.isEmpty() ? "" : "; " + detail;
    return isKnown()
        ? String.format(
            Locale.ROOT,
            "%.2f GB/s (%s in %.2f s%s)",
            speed() / 1e9,
            Amounts.bytes(bytes),
            seconds,
            more)
        : "not measured: " + detail;
  }
}
