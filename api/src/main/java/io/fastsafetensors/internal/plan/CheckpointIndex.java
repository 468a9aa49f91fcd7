// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import io.fastsafetensors.LoadException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An index such as {@code model.safetensors.index.json}: which shard each tensor is in.
 *
 * @param path the index
 * @param shardByTensor each tensor's shard, beside the index
 */
public record CheckpointIndex(Path path, Map<String, Path> shardByTensor) {
  private static final JsonFactory JSON =
      JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  /**
   * Reads an index.
   *
   * @throws LoadException if it is not JSON of the right form, or names shards in other folders
   */
  static CheckpointIndex read(Path path) throws LoadException {
    try (JsonParser parser = JSON.createParser(Files.readAllBytes(path))) {
      return new CheckpointIndex(path, weightMap(path, parser));
    } catch (LoadException e) {
      throw e;
    } catch (IOException e) {
      throw new LoadException(path + ": not a valid index: " + e.getMessage(), e);
    }
  }

  private static Map<String, Path> weightMap(Path path, JsonParser parser) throws IOException {
    expect(path, JsonToken.START_OBJECT, parser);
    Map<String, Path> shards = new LinkedHashMap<>();
    boolean found = false;
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      if (parser.currentName().equals("weight_map")) {
        expect(path, JsonToken.START_OBJECT, parser);
        readShards(path, parser, shards);
        found = true;
      } else {
        parser.nextToken();
        parser.skipChildren();
      }
    }
    if (!found) {
      throw new LoadException(path + ": not a valid index: it has no \"weight_map\"");
    }
    return shards;
  }

  private static void readShards(Path path, JsonParser parser, Map<String, Path> shards)
      throws IOException {
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String tensor = parser.currentName();
      expect(path, JsonToken.VALUE_STRING, parser);
      shards.put(tensor, shard(path, tensor, parser.getText()));
    }
  }

  /** Resolves a shard's name; an index must not lead out of its folder. */
  private static Path shard(Path path, String tensor, String name) throws LoadException {
    Path relative = Path.of(name).normalize();
    if (name.isEmpty() || relative.isAbsolute() || relative.startsWith("..")) {
      throw new LoadException(
          "%s: tensor '%s' is in '%s', which is not a file of the index's folder"
              .formatted(path, tensor, name));
    }
    return path.resolveSibling(relative);
  }

  private static void expect(Path path, JsonToken wanted, JsonParser parser) throws IOException {
    JsonToken token = parser.nextToken();
    if (token != wanted) {
      throw new LoadException(
          "%s: not a valid index: want %s, found %s at %s"
              .formatted(path, wanted, token, parser.currentTokenLocation().offsetDescription()));
    }
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
        throw new LoadException(
            "%s lists tensor '%s' in %s, which has no such tensor"
                .formatted(path, tensor, listed.getValue()));
      }
      Path actual = catalog.get(tensor).file().source().path();
      if (!actual.equals(listed.getValue())) {
        throw new LoadException(
            "%s lists tensor '%s' in %s, but it is in %s"
                .formatted(path, tensor, listed.getValue(), actual));
      }
    }
  }
}
