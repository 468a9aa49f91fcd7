// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.ranks;

import io.fastsafetensors.CheckpointWriter;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.SaveOptions;
import io.fastsafetensors.integration.saves.GroupSet;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A save of many tensors by all ranks.
 *
 * @param folder in which folder
 */
record SavedByRanks(Path folder) {
  /** How it is saved, but for what only a group needs. */
  static SaveOptions.Builder options() {
    return SaveOptions.builder().maxShardBytes(6_000_000);
  }

  void run(ProcessGroup group) throws IOException {
    CheckpointWriter writer = CheckpointWriter.create(group);
    GroupSet.mixed().add(writer, group.size(), group.rank());
    SaveOptions options = options().replicated(GroupSet.REPLICATED).build();
    writer.write(folder.resolve("together"), options);
  }
}
