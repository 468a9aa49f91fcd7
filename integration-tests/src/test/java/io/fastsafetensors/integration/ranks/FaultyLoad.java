// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.ranks;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.Distribution;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.Part;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.Selection;
import io.fastsafetensors.format.LoadException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * A load of a file that breaks while its rank gives it to the others.
 *
 * @param file the file
 * @param owner the rank that reads it
 * @param path how
 */
record FaultyLoad(Path file, int owner, AccessPath path) {
  /** Loads, and prints how that failed. */
  void run(ProcessGroup group) throws IOException {
    LoadOptions options =
        LoadOptions.builder()
            .selection(Selection.of(Part.shard(1)))
            .distribution(Distribution.OWNER)
            .backend("cpu")
            .path(path)
            .build();
    try (Loader loader = Loader.builder().group(group).build()) {
      loader.addFiles(owner, List.of(file)).load(options).close();
    } catch (CollectiveException e) {
      RankProgram.print("lost peer " + e.peer());
      RankProgram.print("error " + e.getMessage());
    } catch (LoadException e) {
      RankProgram.print("own error " + e.getMessage());
    }
  }
}
