// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.io.JsonEOFException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.file.FileKind;
import io.fastsafetensors.internal.file.IoReason;
import io.fastsafetensors.internal.file.RegularFile;
import io.fastsafetensors.internal.text.Printable;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An index such as {@code model.safetensors.index.json}: which shard each tensor is in.
 *
 * @param path the index
 * @param shardByTensor each tensor's shard, in the index's folder or below
 */
public record CheckpointIndex(Path path, Map<String, Path> shardByTensor) {
  private static final String WEIGHT_MAP = "weight_map";
  private static final JsonFactory JSON =
      JsonFactory.builder()
          // A hundred thousand names, each once: a table of names would only cost.
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .build();

  /** As much as a header may have; a hundred thousand tensors take 15 MB. */
  private static final long MOST_BYTES = 100_000_000;

  /**
   * Reads an index.
   *
   * @throws LoadException if it is no regular file, larger than 100,000,000 bytes, not JSON of the
   *     right form, or names shards in other folders
   */
  public static CheckpointIndex read(Path path) throws LoadException {
    try {
      checkSize(RegularFile.size(path));
      try (InputStream file = Files.newInputStream(path);
          JsonParser parser = JSON.createParser(new Limited(file))) {
        return new CheckpointIndex(path, new Reader(path, parser, new HashMap<>()).read());
      }
    } catch (LoadException e) {
      throw e;
    } catch (JsonProcessingException e) {
      String reason =
          FileKind.of(path)
              .filter(kind -> !kind.isJson())
              .map(kind -> kind.insteadOf("an index"))
              .orElseGet(() -> reason(e));
      throw new LoadException(path + ": not a valid index: " + reason, e);
    } catch (IOException | RuntimeException e) {
      throw new LoadException(path + ": can't read this index: " + IoReason.of(e), e);
    }
  }

  private static void checkSize(long bytes) throws IOException {
    if (bytes > MOST_BYTES) {
      throw new IOException(
          "it has %s bytes or more, an index may have %s".formatted(bytes, MOST_BYTES));
    }
  }

  /** How often in a row a stream may give nothing before that counts as a failure. */
  private static final int MOST_EMPTY_READS = 1000;

  /** A file may grow, or not tell its size; and some streams give nothing now and then. */
  private static final class Limited extends FilterInputStream {
    private long count;

    Limited(InputStream in) {
      super(in);
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] target, int from, int length) throws IOException {
      int read = super.read(target, from, length);
      for (int empty = 1; read == 0 && length > 0; empty++) {
        if (empty > MOST_EMPTY_READS) {
          throw new IOException("its channel gives no bytes");
        }
        read = super.read(target, from, length);
      }
      count += Math.max(0, read);
      checkSize(count);
      return read;
    }
  }

  private static String reason(JsonProcessingException e) {
    String what = e instanceof JsonEOFException ? "it ends too early" : e.getOriginalMessage();
    return what + " at " + e.getLocation().offsetDescription();
  }

  /** Returns the shards, each once, by name. */
  List<Path> shards() {
    return shardByTensor.values().stream().distinct().sorted().toList();
  }

  /**
   * Checks that every tensor listed is in its shard.
   *
   * @throws LoadException if one is absent, or in another shard
   */
  public void check(Catalog catalog) throws LoadException {
    for (Map.Entry<String, Path> listed : shardByTensor.entrySet()) {
      String tensor = listed.getKey();
      if (!catalog.keys().contains(tensor)) {
        throw new LoadException(lists(tensor) + ", which has no such tensor");
      }
      Path actual = catalog.get(tensor).file().source().path();
      if (!actual.equals(listed.getValue())) {
        throw new LoadException(lists(tensor) + ", but it is in " + actual);
      }
    }
  }

  private String lists(String tensor) {
    return "%s lists tensor %s in %s"
        .formatted(path, Printable.quote(tensor), shardByTensor.get(tensor));
  }

  /** Reads the one field that counts; resolves each shard's name once. */
  private record Reader(Path path, JsonParser parser, Map<String, Path> byName) {
    Map<String, Path> read() throws IOException {
      expect(JsonToken.START_OBJECT, "an object");
      Map<String, Path> shards = new LinkedHashMap<>();
      boolean found = false;
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        if (parser.currentName().equals(WEIGHT_MAP)) {
          readShards(shards);
          found = true;
        } else {
          parser.nextToken();
          parser.skipChildren();
        }
      }
      if (parser.nextToken() != null) {
        throw notValid("something follows its object");
      }
      if (!found) {
        throw notValid("it has no \"" + WEIGHT_MAP + "\"");
      }
      return shards;
    }

    private void readShards(Map<String, Path> shards) throws IOException {
      expect(JsonToken.START_OBJECT, "an object");
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String tensor = parser.currentName();
        expect(JsonToken.VALUE_STRING, "the name of a file");
        String name = parser.getText();
        Path shard = byName.get(name);
        if (shard == null) {
          shard = shard(tensor, name);
          byName.put(name, shard);
        }
        shards.put(tensor, shard);
      }
    }

    /** Resolves a shard's name; an index must not lead out of its folder. */
    private Path shard(String tensor, String name) throws LoadException {
      String why = "";
      try {
        Path relative = path.getFileSystem().getPath(name).normalize();
        boolean isBelow = !relative.isAbsolute() && !relative.startsWith("..");
        if (isBelow && !relative.toString().isEmpty()) {
          return path.resolveSibling(relative);
        }
      } catch (InvalidPathException e) {
        // In a JVM whose locale has no character set, such as UTF-8, that is so beyond ASCII.
        why = ": " + e.getReason() + " (in " + System.getProperty("sun.jnu.encoding") + ")";
      }
      throw notValid(
          "tensor %s is in %s, which is not a file of the index's folder%s"
              .formatted(Printable.quote(tensor), Printable.quote(name), why));
    }

    private void expect(JsonToken wanted, String description) throws IOException {
      JsonToken token = parser.nextToken();
      if (token != wanted) {
        throw notValid(
            "want %s at %s%s"
                .formatted(
                    description,
                    parser.currentTokenLocation().offsetDescription(),
                    token == null ? ", where the file ends: download it again" : ""));
      }
    }

    private LoadException notValid(String reason) {
      return new LoadException(path + ": not a valid index: " + reason);
    }
  }
}
