// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.checkpoint;

import io.fastsafetensors.internal.save.FileLayout;
import io.fastsafetensors.internal.save.OutputPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The folder of a save that another rank has taken, and makes files in.
 *
 * @param target where this rank saves
 * @param old what the save replaces
 * @param temporary the names of the files that were made
 */
public record JoinedFolder(SaveTarget target, OldCheckpoint old, List<String> temporary)
    implements SaveFolder {
  /**
   * Finds the files that another rank has made.
   *
   * @param target where this rank saves
   * @param made what the other rank says of its own folder
   * @throws IOException if this rank doesn't see the same folder, or saves under another name
   */
  public static JoinedFolder of(SaveTarget target, Made made) throws IOException {
    for (String name : made.temporary()) {
      if (!Files.exists(target.folder().resolve(name))) {
        throw new IOException(
            ("rank 0 makes files in %s, of which this rank sees none in %s: all ranks need the same"
                    + " folder, on one host or on a file system that their hosts share")
                .formatted(made.folder(), target.folder()));
      }
    }
    if (!target.base().equals(made.base())) {
      throw new IOException(
          "rank 0 saves files named %s*, this rank %s*: give all ranks the same target"
              .formatted(made.base(), target.base()));
    }
    return new JoinedFolder(target, OldCheckpoint.of(target), made.temporary());
  }

  /**
   * What a rank has made.
   *
   * @param folder where, as that rank names it
   * @param base what the names of the files will begin with
   * @param temporary what they are called until then
   */
  public record Made(String folder, String base, List<String> temporary) {}

  @Override
  public Path folder() {
    return target.folder();
  }

  @Override
  public Set<Path> replaced(int count) {
    return old.replaced(target.files(count));
  }

  @Override
  public List<OutputPlan> plan(List<FileLayout> layouts) {
    List<Path> paths = target.files(layouts.size());
    List<OutputPlan> plans = new ArrayList<>();
    for (FileLayout layout : layouts) {
      int i = plans.size();
      plans.add(layout.join(paths.get(i), target.folder().resolve(temporary.get(i))));
    }
    return plans;
  }

  /** Does nothing: the other rank tidies up. */
  @Override
  public void close() {}
}
