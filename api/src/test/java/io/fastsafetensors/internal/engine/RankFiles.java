// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A file a rank, with tensors of some types, named by rank and type.
 *
 * @param paths the files of each rank
 * @param bytes what each tensor must have
 */
record RankFiles(Map<Integer, List<Path>> paths, Map<String, byte[]> bytes) {
  /** The shape of each tensor. */
  static final Shape SHAPE = Shape.of(6, 5, 16);

  static RankFiles write(Path folder, int ranks, DType... types) throws IOException {
    RankFiles files = new RankFiles(new LinkedHashMap<>(), new LinkedHashMap<>());
    for (int rank = 0; rank < ranks; rank++) {
      Samples file = new Samples(folder.resolve("of" + rank));
      for (DType type : types) {
        file.with(rank + "." + type, type, SHAPE.dims());
      }
      files.bytes.putAll(file.write().bytes);
      files.paths.put(rank, List.of(file.path));
    }
    return files;
  }
}
