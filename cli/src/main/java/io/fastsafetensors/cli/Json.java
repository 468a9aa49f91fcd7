// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.StreamWriteFeature;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import io.fastsafetensors.Reason;
import java.io.IOException;
import java.io.Writer;
import java.util.Map;

/** Writes JSON documents. */
final class Json {
  private static final JsonFactory FACTORY =
      JsonFactory.builder().disable(StreamWriteFeature.AUTO_CLOSE_TARGET).build();

  private Json() {}

  /** Writes what is inside of one object. */
  @FunctionalInterface
  interface Fields {
    void write(JsonGenerator json) throws IOException;
  }

  /** Writes one object on one line; leaves the target open. */
  static void printObject(Writer target, Fields fields) throws IOException {
    try (JsonGenerator json = FACTORY.createGenerator(target)) {
      writeObject(json, fields);
      json.writeRaw('\n');
    }
  }

  /** Writes one object, indented; leaves the target open. */
  static void printIndented(Writer target, Fields fields) throws IOException {
    try (JsonGenerator json = FACTORY.createGenerator(target)) {
      json.setPrettyPrinter(new DefaultPrettyPrinter());
      writeObject(json, fields);
      json.writeRaw('\n');
    }
  }

  /** Writes a field with a reason: its code, its values by name, and its text. */
  static void writeReason(String field, Reason reason, JsonGenerator json) throws IOException {
    json.writeObjectFieldStart(field);
    json.writeStringField("code", reason.code());
    json.writeStringField("text", reason.toString());
    json.writeObjectFieldStart("values");
    for (Map.Entry<String, Object> value : reason.values().entrySet()) {
      writeValue(value.getKey(), value.getValue(), json);
    }
    json.writeEndObject();
    json.writeEndObject();
  }

  private static void writeValue(String field, Object value, JsonGenerator json)
      throws IOException {
    switch (value) {
      case Long number -> json.writeNumberField(field, number);
      case Reason reason -> writeReason(field, reason, json);
      default -> json.writeStringField(field, value.toString());
    }
  }

  private static void writeObject(JsonGenerator json, Fields fields) throws IOException {
    json.writeStartObject();
    fields.write(json);
    json.writeEndObject();
  }
}
