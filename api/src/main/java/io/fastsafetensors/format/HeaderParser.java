// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.format;

import com.fasterxml.jackson.core.JsonToken;
import io.fastsafetensors.format.TensorEntryParser.TensorEntry;
import io.fastsafetensors.internal.text.Printable;
import io.fastsafetensors.internal.text.Utf8;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Parses a header's JSON: names, kinds and syntax, but no arithmetic (format rule 4.3). */
final class HeaderParser {
  private final JsonCursor json;
  private final List<TensorEntry> tensors = new ArrayList<>();
  private final Set<String> names = new HashSet<>();
  private final Map<String, String> metadata = new TreeMap<>(Utf8.ORDER);

  private HeaderParser(JsonCursor json) {
    this.json = json;
  }

  /**
   * What a header says.
   *
   * @param tensors in the order of the header
   * @param metadata sorted by key
   */
  record Content(List<TensorEntry> tensors, Map<String, String> metadata) {}

  static Content parse(HeaderFaults faults) throws HeaderFormatException {
    try (JsonCursor json = new JsonCursor(faults)) {
      return new HeaderParser(json).parse();
    } catch (HeaderFormatException e) {
      throw e;
    } catch (IOException e) {
      throw new UncheckedIOException("reading from memory failed", e);
    }
  }

  private Content parse() throws IOException {
    json.require(JsonToken.START_OBJECT, "the header must be a JSON object");
    while (json.nextField()) {
      parseField(json.text());
    }
    if (json.next() != null) {
      throw json.fault("something follows the header's object");
    }
    return new Content(tensors, metadata);
  }

  private void parseField(String name) throws IOException {
    boolean isMetadata = name.equals(HeaderFaults.METADATA);
    if (!names.add(name)) {
      json.about(isMetadata ? null : name);
      throw json.fault("the name " + Printable.quote(name) + " stands twice");
    }
    if (isMetadata) {
      parseMetadata();
    } else {
      json.about(name);
      tensors.add(new TensorEntryParser(json, name).parse());
      json.about(null);
    }
  }

  private void parseMetadata() throws IOException {
    if (json.next() == JsonToken.VALUE_NULL) {
      return;
    }
    json.expect(JsonToken.START_OBJECT, HeaderFaults.METADATA + " must be an object of strings");
    while (json.nextField()) {
      String key = json.text();
      metadata.put(key, json.nextText("a value of " + HeaderFaults.METADATA + " must be a string"));
    }
  }
}
