// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.ranks;

import io.fastsafetensors.CheckpointSave;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.SaveOptions;
import io.fastsafetensors.integration.saves.Generation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A save of all ranks in which one stands still while the others go on.
 *
 * @param folder where to
 * @param halting the rank that stands still
 * @param moment when it does
 */
record HaltedSave(Path folder, int halting, Moment moment) {
  /** When a rank stands still. */
  enum Moment {
    /** The files are there, and empty. */
    BEGINS,
    /** It has written its first bytes. */
    WRITES,
    /** It has written all of its bytes, and has not said so. */
    HAS_WRITTEN
  }

  /** Saves generation 2. */
  void run(ProcessGroup group) throws IOException {
    RankProgram.pause("joined");
    Generation generation = new Generation(2, 3);
    boolean isHalting = group.rank() == halting;
    SaveOptions.Builder options = generation.options();
    AtomicBoolean halted = new AtomicBoolean(!isHalting || moment == Moment.BEGINS);
    options.progress((done, total) -> {
      if ((moment == Moment.WRITES || done == total) && halted.compareAndSet(false, true)) {
        halt();
      }
    });
    try (CheckpointSave save = generation.begin(group, folder, options.build())) {
      if (isHalting && moment == Moment.BEGINS) {
        halt();
      }
      RankProgram.print("saved " + save.finish().files().size());
    }
  }

  private static void halt() {
    try {
      RankProgram.pause("halfway");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
