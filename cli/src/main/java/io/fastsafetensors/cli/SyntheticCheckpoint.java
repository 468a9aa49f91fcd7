// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;

/**
 * A checkpoint of random tensors of nearly equal size, in shards with an index.
 *
 * @param dtype the type of all tensors
 * @param bytes the size of all tensors together; what is not a whole element is left out
 * @param tensors how many tensors there are
 * @param shards how many files they are spread over, in order
 * @param seed what the bytes are made from
 */
record SyntheticCheckpoint(DType dtype, long bytes, int tensors, int shards, long seed) {
  private static final String INDEX = "model.safetensors.index.json";

  /** The most columns of a tensor; it has two dimensions if its elements can be so arranged. */
  private static final long MAX_COLUMNS = 4096;

  private static final Duration TIMEOUT = Duration.ofDays(1);

  SyntheticCheckpoint {
    if (tensors < 1 || shards < 1 || shards > tensors || bytes < 0) {
      throw new IllegalArgumentException(
          tensors + " tensors in " + shards + " shards: want at least one in each");
    }
  }

  /**
   * Writes the shards, several at a time, then the index.
   *
   * @return the size of the tensors, in bytes
   */
  long writeTo(Path folder) throws IOException {
    Files.createDirectories(folder);
    int threads = Math.min(shards, Runtime.getRuntime().availableProcessors());
    try (TensorWorkers<Long> workers = new TensorWorkers<>(threads, shards, TIMEOUT)) {
      for (int shard = 0; shard < shards; shard++) {
        int number = shard;
        workers.submit(() -> writeShard(folder, number));
      }
      long total = workers.results().stream().mapToLong(Long::longValue).sum();
      try (Writer index = Files.newBufferedWriter(folder.resolve(INDEX))) {
        Json.printIndented(index, json -> writeIndex(json, total));
      }
      return total;
    }
  }

  private long writeShard(Path folder, int shard) throws IOException {
    RandomBytes random = new RandomBytes(seed, dtype);
    SafetensorsWriter writer = new SafetensorsWriter().metadata("format", "pt");
    long total = 0;
    for (int tensor = firstOf(shard); tensor < firstOf(shard + 1); tensor++) {
      int number = tensor;
      long size = dtype.byteSize(elements(tensor));
      writer.add(
          name(tensor), dtype, shape(tensor), channel -> random.write(number, size, channel));
      total += size;
    }
    writer.write(folder.resolve(file(shard)));
    return total;
  }

  /** Spreads the elements so that tensors differ by the fewest that are whole bytes. */
  private long elements(int tensor) {
    // Two of 4 bits, four of 6 bits, one of the others.
    int group = Math.max(1, Byte.SIZE / Integer.lowestOneBit(dtype.bits()));
    long groups = bytes / dtype.byteSize(group);
    return (groups / tensors + (tensor < groups % tensors ? 1 : 0)) * group;
  }

  private Shape shape(int tensor) {
    long elements = elements(tensor);
    long columns = Math.min(MAX_COLUMNS, Long.lowestOneBit(elements));
    return columns > 1 ? Shape.of(elements / columns, columns) : Shape.of(elements);
  }

  private int firstOf(int shard) {
    return (int) ((long) tensors * shard / shards);
  }

  private String file(int shard) {
    return shards == 1
        ? "model.safetensors"
        : String.format(Locale.ROOT, "model-%05d-of-%05d.safetensors", shard + 1, shards);
  }

  /** Names have one length, so that tensors are sorted by their number. */
  private static String name(int tensor) {
    return String.format(Locale.ROOT, "layers.%07d.weight", tensor);
  }

  private void writeIndex(JsonGenerator json, long total) throws IOException {
    json.writeObjectFieldStart("metadata");
    json.writeNumberField("total_size", total);
    json.writeEndObject();
    json.writeObjectFieldStart("weight_map");
    for (int shard = 0; shard < shards; shard++) {
      for (int tensor = firstOf(shard); tensor < firstOf(shard + 1); tensor++) {
        json.writeStringField(name(tensor), file(shard));
      }
    }
    json.writeEndObject();
  }
}
