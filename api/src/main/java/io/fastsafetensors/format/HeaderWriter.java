// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.format;

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
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Writes headers byte for byte as the reference does (format rule 4.5), metadata in order. */
final class HeaderWriter {
  /** The name that the format keeps for metadata. */
  public static final String METADATA = "__metadata__";

  private static final JsonFactory FACTORY =
      new JsonFactoryBuilder()
          .disable(JsonWriteFeature.WRITE_HEX_UPPER_CASE)
          .enable(JsonWriteFeature.COMBINE_UNICODE_SURROGATES_IN_UTF8)
          .recyclerPool(JsonRecyclerPools.nonRecyclingPool())
          .build();

  private HeaderWriter() {}

  /**
   * Encodes a header.
   *
   * @param path the file that it is for
   * @param tensors in the order of their bytes, with well-formed names
   * @param metadata in the order to be written, well-formed; left out if empty
   * @return all that stands before the tensors' bytes: the length, the JSON, spaces up to a
   *     multiple of 8 bytes
   * @throws HeaderFormatException if the header is longer than the format allows
   */
  public static ByteBuffer encode(Path path, List<TensorInfo> tensors, Map<String, String> metadata)
      throws HeaderFormatException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(new byte[HeaderFaults.LENGTH_BYTES]);
    try (JsonGenerator json = FACTORY.createGenerator(bytes)) {
      write(json, tensors, metadata);
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory failed", e);
    }
    while (bytes.size() % Long.BYTES != 0) {
      bytes.write(' ');
    }
    long length = (long) bytes.size() - HeaderFaults.LENGTH_BYTES;
    HeaderFaults.checkNotTooLarge(path, length);
    return ByteBuffer.wrap(bytes.toByteArray()).order(ByteOrder.LITTLE_ENDIAN).putLong(0, length);
  }

  private static void write(
      JsonGenerator json, List<TensorInfo> tensors, Map<String, String> metadata)
      throws IOException {
    json.writeStartObject();
    if (!metadata.isEmpty()) {
      json.writeObjectFieldStart(METADATA);
      for (Map.Entry<String, String> entry : metadata.entrySet()) {
        json.writeStringField(entry.getKey(), entry.getValue());
      }
      json.writeEndObject();
    }
    for (TensorInfo tensor : tensors) {
      write(json, tensor);
    }
    json.writeEndObject();
  }

  private static void write(JsonGenerator json, TensorInfo tensor) throws IOException {
    json.writeObjectFieldStart(tensor.name());
    json.writeStringField("dtype", tensor.dtype().name());
    json.writeArrayFieldStart("shape");
    for (long dim : tensor.shape().dims()) {
      // As text, since a dimension is an unsigned number.
      json.writeNumber(Long.toUnsignedString(dim));
    }
    json.writeEndArray();
    json.writeArrayFieldStart("data_offsets");
    json.writeNumber(tensor.begin());
    json.writeNumber(tensor.end());
    json.writeEndArray();
    json.writeEndObject();
  }
}
