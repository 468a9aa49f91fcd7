// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.save;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.core.util.JsonRecyclerPools;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;

/** Writes headers byte for byte as the reference does (format rule 4.5), metadata in order. */
final class HeaderJson {
  /** The name that the format keeps for metadata. */
  static final String METADATA = "__metadata__";

  private static final JsonFactory FACTORY =
      new JsonFactoryBuilder()
          .disable(JsonWriteFeature.WRITE_HEX_UPPER_CASE)
          .enable(JsonWriteFeature.COMBINE_UNICODE_SURROGATES_IN_UTF8)
          .recyclerPool(JsonRecyclerPools.nonRecyclingPool())
          .build();

  private HeaderJson() {}

  /**
   * Encodes a header.
   *
   * @param tensors in the order of their bytes, with well-formed names
   * @param metadata in the order to be written, well-formed; left out if empty
   * @return all that stands before the tensors' bytes: the length, the JSON, spaces up to a
   *     multiple of 8 bytes
   */
  static ByteBuffer encode(List<SavedTensor> tensors, Map<String, String> metadata) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(new byte[FileLayout.LENGTH_BYTES]);
    try (JsonGenerator json = FACTORY.createGenerator(bytes)) {
      write(json, tensors, metadata);
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory failed", e);
    }
    while (bytes.size() % Long.BYTES != 0) {
      bytes.write(' ');
    }
    long length = (long) bytes.size() - FileLayout.LENGTH_BYTES;
    return ByteBuffer.wrap(bytes.toByteArray()).order(ByteOrder.LITTLE_ENDIAN).putLong(0, length);
  }

  private static void write(
      JsonGenerator json, List<SavedTensor> tensors, Map<String, String> metadata)
      throws IOException {
    json.writeStartObject();
    if (!metadata.isEmpty()) {
      json.writeObjectFieldStart(METADATA);
      for (Map.Entry<String, String> entry : metadata.entrySet()) {
        json.writeStringField(entry.getKey(), entry.getValue());
      }
      json.writeEndObject();
    }
    long begin = 0;
    for (SavedTensor tensor : tensors) {
      write(json, tensor, begin);
      begin += tensor.bytes();
    }
    json.writeEndObject();
  }

  private static void write(JsonGenerator json, SavedTensor tensor, long begin) throws IOException {
    json.writeObjectFieldStart(tensor.name());
    json.writeStringField("dtype", tensor.dtype().name());
    json.writeArrayFieldStart("shape");
    for (long dim : tensor.dims()) {
      // As text, since a dimension is an unsigned number.
      json.writeNumber(Long.toUnsignedString(dim));
    }
    json.writeEndArray();
    json.writeArrayFieldStart("data_offsets");
    json.writeNumber(begin);
    json.writeNumber(begin + tensor.bytes());
    json.writeEndArray();
    json.writeEndObject();
  }
}
