// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import io.fastsafetensors.Checkpoint.LeftOut;
import io.fastsafetensors.format.LoadException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A checkpoint as far as names tell, and an index.
 *
 * @param path what was asked for; a set's name in its folder if all of a folder were asked for
 * @param indexPath the index that decides, also if it can't be read
 * @param checkpoint its files
 * @param leftOut what is beside it
 * @param faults why it can't be loaded
 */
public record FoundCheckpoint(
    Path path,
    Optional<Path> indexPath,
    CheckpointFiles checkpoint,
    List<LeftOut> leftOut,
    List<LoadException> faults) {
  private static final int MOST_TOLD = 3;

  /** A file that was given by itself. */
  static FoundCheckpoint ofFile(Path file) {
    CheckpointFiles itself = new CheckpointFiles(List.of(file), Optional.empty());
    return new FoundCheckpoint(file, Optional.empty(), itself, List.of(), List.of());
  }

  /**
   * Finds what an index names.
   *
   * @param asked what was asked for: the index or its folder
   * @param index the index
   * @param beside what is in its folder
   */
  static FoundCheckpoint ofIndex(Path asked, Path index, FolderListing beside) {
    CheckpointFiles files = new CheckpointFiles(List.of(), Optional.empty());
    List<LoadException> faults = new ArrayList<>();
    try {
      CheckpointIndex read = CheckpointIndex.read(index);
      files = new CheckpointFiles(read.shards(), Optional.of(read));
      faults.addAll(faults(files, index, beside));
    } catch (LoadException e) {
      faults.add(e);
    }
    List<LeftOut> leftOut =
        beside.leftOut(Set.copyOf(files.files()), Optional.of(index), LeftOutReasons.NOT_IN_INDEX);
    return new FoundCheckpoint(asked, Optional.of(index), files, leftOut, faults);
  }

  private static List<LoadException> faults(
      CheckpointFiles files, Path index, FolderListing beside) {
    List<LoadException> faults = new ArrayList<>();
    if (files.files().isEmpty()) {
      faults.add(new LoadException(index + ": the index names no files"));
    }
    for (Path shard : files.files()) {
      Optional<String> fault = beside.fault(shard);
      if (fault.isPresent()) {
        String hint =
            faults.isEmpty() ? UnfinishedDownloads.hint(beside.folder(), beside.leftovers()) : "";
        faults.add(new LoadException(index + " names " + shard + ", which " + fault.get() + hint));
      }
    }
    return faults;
  }

  /**
   * Returns the files.
   *
   * @throws LoadException of the faults, if there are some
   */
  public CheckpointFiles whole() throws LoadException {
    if (faults.isEmpty()) {
      return checkpoint;
    }
    if (faults.size() == 1) {
      throw faults.getFirst();
    }
    String told =
        faults.stream()
            .limit(MOST_TOLD)
            .map(Throwable::getMessage)
            .collect(Collectors.joining("; "));
    int more = faults.size() - Math.min(faults.size(), MOST_TOLD);
    throw new LoadException(told + (more > 0 ? "; and " + more + " more" : ""), faults.getFirst());
  }
}
