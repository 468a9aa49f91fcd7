// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.ranks;

import io.fastsafetensors.CheckpointSave;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.integration.saves.Generation;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Saves of one generation after the other over the last, by all ranks, until one is killed.
 *
 * @param folder where to
 * @param last the generation that is there
 */
record RepeatedSaves(Path folder, int last) {
  void run(ProcessGroup group) throws IOException {
    RankProgram.pause("joined");
    for (int number = last % 127 + 1; ; number = number % 127 + 1) {
      Generation generation = new Generation(number, 1 + number % 3);
      try (CheckpointSave save = generation.begin(group, folder, generation.options().build())) {
        save.finish();
      }
      RankProgram.print("saved " + number);
    }
  }
}
