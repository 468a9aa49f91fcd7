// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.format;

import com.fasterxml.jackson.core.JsonToken;
import io.fastsafetensors.internal.text.Printable;
import java.io.IOException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Parses the entry of one tensor, from its name on. */
final class TensorEntryParser {
  private static final int USUAL_RANK = 4;

  private final JsonCursor json;
  private final String name;
  private final long position;
  private @Nullable DType dtype;
  private @Nullable Shape shape;
  private boolean hasOffsets;
  private long begin;
  private long end;

  /** Starts at the name, which is the cursor's current token. */
  TensorEntryParser(JsonCursor json, String name) {
    this.json = json;
    this.name = name;
    this.position = json.position();
  }

  TensorEntry parse() throws IOException {
    json.require(JsonToken.START_OBJECT, "a tensor's entry must be an object");
    while (json.nextField()) {
      parseField(json.text());
    }
    return new TensorEntry(info(), position);
  }

  private void parseField(String field) throws IOException {
    switch (field) {
      case "dtype" -> {
        refuseSecond(field, dtype != null);
        dtype = parseDType();
      }
      case "shape" -> {
        refuseSecond(field, shape != null);
        shape = parseShape();
      }
      case "data_offsets" -> {
        refuseSecond(field, hasOffsets);
        parseOffsets();
      }
      default -> json.skipValue();
    }
  }

  private void refuseSecond(String field, boolean seen) throws HeaderFormatException {
    if (seen) {
      throw json.fault(field + " stands twice");
    }
  }

  private DType parseDType() throws IOException {
    String tag = json.nextText("dtype must be a string");
    return DType.ofTag(tag).orElseThrow(() -> json.fault("unknown dtype " + Printable.quote(tag)));
  }

  private Shape parseShape() throws IOException {
    json.require(JsonToken.START_ARRAY, "shape must be an array");
    long[] dims = new long[USUAL_RANK];
    int count = 0;
    while (json.next() != JsonToken.END_ARRAY) {
      if (count == dims.length) {
        dims = Arrays.copyOf(dims, 2 * count);
      }
      dims[count++] = json.unsignedLong("a dimension must be an integer of 0 to 2^64 - 1");
    }
    return Shape.of(Arrays.copyOf(dims, count));
  }

  private void parseOffsets() throws IOException {
    json.require(JsonToken.START_ARRAY, "data_offsets must be an array");
    begin = parseOffset();
    end = parseOffset();
    json.require(JsonToken.END_ARRAY, "data_offsets must have 2 numbers");
    hasOffsets = true;
  }

  private long parseOffset() throws IOException {
    json.next();
    return json.unsignedLong("data_offsets must be 2 integers of 0 to 2^64 - 1");
  }

  private TensorInfo info() throws HeaderFormatException {
    if (dtype == null || shape == null || !hasOffsets) {
      String missing = dtype == null ? "dtype" : shape == null ? "shape" : "data_offsets";
      throw json.fault("the entry has no " + missing);
    }
    return new TensorInfo(name, dtype, shape, begin, end);
  }

  /**
   * A tensor as the header has it, its numbers not yet checked: offsets are unsigned here.
   *
   * @param info what the header says
   * @param position where its name stands, in UTF-16 code units from the header's start
   */
  record TensorEntry(TensorInfo info, long position) {}
}
