// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.checkpoint;

import io.fastsafetensors.internal.save.FileLayout;
import io.fastsafetensors.internal.save.OutputPlan;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/** The folder of a save, as a rank that writes there has it. */
public sealed interface SaveFolder extends AutoCloseable permits SavePlace, JoinedFolder {
  /** Returns the folder. */
  Path folder();

  /** Returns the files that go, or get other bytes, when the new checkpoint stands. */
  Set<Path> replaced(int count);

  /** Plans the files of the new checkpoint. */
  List<OutputPlan> plan(List<FileLayout> layouts) throws IOException;

  /** Lets go of the folder. */
  @Override
  void close();
}
