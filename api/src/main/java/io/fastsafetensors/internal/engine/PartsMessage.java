// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Part;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Parts as bytes, for the other ranks; equal parts are written once. */
final class PartsMessage {
  private PartsMessage() {}

  static void write(List<Part> parts, DataOutputStream out) throws IOException {
    Map<Part, Integer> numbers = new LinkedHashMap<>();
    parts.forEach(part -> numbers.putIfAbsent(part, numbers.size()));
    out.writeInt(numbers.size());
    for (Part part : numbers.keySet()) {
      writePart(part, out);
    }
    out.writeInt(parts.size());
    for (Part part : parts) {
      out.writeInt(numbers.getOrDefault(part, 0));
    }
  }

  private static void writePart(Part part, DataOutputStream out) throws IOException {
    out.writeUTF(part.kind().name());
    switch (part.kind()) {
      case WHOLE, NONE -> {}
      case SHARD -> {
        out.writeInt(part.shardDim().orElseThrow());
        out.writeInt(part.shardRank().orElse(0));
        out.writeInt(part.shardCount().orElse(0));
      }
      case SLICE -> {
        out.writeInt(part.ranges().size());
        for (Map.Entry<Integer, Part.Range> range : part.ranges().entrySet()) {
          out.writeInt(range.getKey());
          out.writeLong(range.getValue().from());
          out.writeLong(range.getValue().to());
        }
      }
      case ROWS -> {
        long[] rows = part.rows();
        out.writeInt(rows.length);
        for (long row : rows) {
          out.writeLong(row);
        }
      }
    }
  }

  static List<Part> read(DataInputStream in) throws IOException {
    List<Part> known = new ArrayList<>();
    for (int left = in.readInt(); left > 0; left--) {
      known.add(readPart(in));
    }
    List<Part> parts = new ArrayList<>();
    for (int left = in.readInt(); left > 0; left--) {
      parts.add(known.get(in.readInt()));
    }
    return parts;
  }

  private static Part readPart(DataInputStream in) throws IOException {
    return switch (Part.Kind.valueOf(in.readUTF())) {
      case WHOLE -> Part.whole();
      case NONE -> Part.none();
      case SHARD -> {
        int dim = in.readInt();
        int rank = in.readInt();
        int ranks = in.readInt();
        yield ranks == 0 ? Part.shard(dim) : Part.shard(dim, rank, ranks);
      }
      case SLICE -> {
        int ranges = in.readInt();
        Part part = Part.slice(in.readInt(), in.readLong(), in.readLong());
        for (int i = 1; i < ranges; i++) {
          part = part.and(in.readInt(), in.readLong(), in.readLong());
        }
        yield part;
      }
      case ROWS -> {
        long[] rows = new long[in.readInt()];
        for (int i = 0; i < rows.length; i++) {
          rows[i] = in.readLong();
        }
        yield Part.rows(rows);
      }
    };
  }

  /** Something that is written to bytes. */
  @FunctionalInterface
  interface Writing {
    void to(DataOutputStream out) throws IOException;
  }

  /** Writes to an array. */
  static byte[] bytes(Writing writing) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      writing.to(out);
    } catch (IOException e) {
      throw new AssertionError("an array takes all bytes", e);
    }
    return bytes.toByteArray();
  }

  /**
   * Reads what another rank wrote.
   *
   * @param <T> what it is
   */
  @FunctionalInterface
  interface Reading<T> {
    T from(DataInputStream in) throws IOException;
  }

  /** Reads from an array. */
  static <T> T from(byte[] message, Reading<T> reading) {
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(message))) {
      return reading.from(in);
    } catch (IOException e) {
      throw new IllegalStateException("a rank of another version sent a message", e);
    }
  }
}
