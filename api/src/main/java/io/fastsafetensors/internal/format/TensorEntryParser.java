// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.format;

import com.fasterxml.jackson.core.JsonToken;
import io.fastsafetensors.DType;
import io.fastsafetensors.HeaderFormatException;
import io.fastsafetensors.Shape;
import io.fastsafetensors.TensorInfo;
import java.io.IOException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Parses the entry of one tensor, from its name on. */
final class TensorEntryParser {
  private static final int USUAL_RANK = 4;
  private static final int OFFSETS = 2;

  private final JsonCursor json;
  private final String name;
  private final long position;
  private @Nullable DType dtype;
  private @Nullable Shape shape;
  private long @Nullable [] offsets;

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
        refuseSecond(field, dtype);
        dtype = parseDType();
      }
      case "shape" -> {
        refuseSecond(field, shape);
        shape = Shape.of(parseNumbers("a dimension must be an integer of 0 to 2^64 - 1"));
      }
      case "data_offsets" -> {
        refuseSecond(field, offsets);
        offsets = parseOffsets();
      }
      default -> json.skipValue();
    }
  }

  private void refuseSecond(String field, @Nullable Object first) throws HeaderFormatException {
    if (first != null) {
      throw json.fault(field + " stands twice");
    }
  }

  private DType parseDType() throws IOException {
    String tag = json.nextText("dtype must be a string");
    return DType.ofTag(tag).orElseThrow(() -> json.fault("unknown dtype " + Printable.quote(tag)));
  }

  private long[] parseOffsets() throws IOException {
    long[] numbers = parseNumbers("an offset must be an integer of 0 to 2^64 - 1");
    if (numbers.length != OFFSETS) {
      throw json.fault("data_offsets must have 2 numbers, not " + numbers.length);
    }
    return numbers;
  }

  private long[] parseNumbers(String subject) throws IOException {
    json.require(JsonToken.START_ARRAY, "shape and data_offsets must be arrays");
    long[] numbers = new long[USUAL_RANK];
    int count = 0;
    while (json.next() != JsonToken.END_ARRAY) {
      if (count == numbers.length) {
        numbers = Arrays.copyOf(numbers, 2 * count);
      }
      numbers[count++] = json.unsignedLong(subject);
    }
    return Arrays.copyOf(numbers, count);
  }

  private TensorInfo info() throws HeaderFormatException {
    if (dtype == null || shape == null || offsets == null) {
      String missing = dtype == null ? "dtype" : shape == null ? "shape" : "data_offsets";
      throw json.fault("the entry has no " + missing);
    }
    return new TensorInfo(name, dtype, shape, offsets[0], offsets[1]);
  }
}
