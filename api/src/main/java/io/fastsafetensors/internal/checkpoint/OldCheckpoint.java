// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.checkpoint;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.SafetensorsHeader;
import io.fastsafetensors.format.TensorInfo;
import io.fastsafetensors.internal.file.FileRights;
import io.fastsafetensors.internal.plan.CheckpointFiles;
import io.fastsafetensors.internal.plan.CheckpointIndex;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What a save replaces.
 *
 * @param index its index of the name that the new one would have
 * @param named the files that the index names, if it can be read
 * @param found the files that the folder means without an index
 */
public record OldCheckpoint(Optional<Path> index, List<Path> named, List<Path> found) {
  /** Looks at what is there. */
  static OldCheckpoint of(SaveTarget target) {
    if (target.isNew()) {
      return new OldCheckpoint(Optional.empty(), List.of(), List.of());
    }
    Path index = target.index();
    if (isThere(index)) {
      return new OldCheckpoint(Optional.of(index), namedBy(index), List.of());
    }
    return new OldCheckpoint(Optional.empty(), List.of(), foundIn(target.folder()));
  }

  static boolean isThere(Path file) {
    return Files.exists(file, LinkOption.NOFOLLOW_LINKS);
  }

  /** Returns the files that an index names; none if it can't be read. */
  static List<Path> namedBy(Path index) {
    try {
      return CheckpointIndex.read(index).shardByTensor().values().stream().distinct().toList();
    } catch (LoadException e) {
      return List.of();
    }
  }

  private static List<Path> foundIn(Path folder) {
    try {
      CheckpointFiles found = CheckpointFiles.find(folder);
      return found.index().isEmpty() ? found.files() : List.of();
    } catch (LoadException e) {
      return List.of(); // nothing, or nothing that is whole
    }
  }

  /**
   * Returns the files that go, or get other bytes, when a new checkpoint stands.
   *
   * @param made the files of the new one
   */
  Set<Path> replaced(List<Path> made) {
    Set<Path> files = new HashSet<>(named);
    files.addAll(found);
    made.stream().filter(Files::exists).forEach(files::add);
    return files;
  }

  /**
   * Returns an index of the files that were found without one; empty if there are none, or if they
   * are no checkpoint.
   */
  Optional<byte[]> ownIndex(Path folder) {
    Map<String, String> fileByTensor = new LinkedHashMap<>();
    long bytes = 0;
    try {
      for (Path file : found) {
        for (TensorInfo tensor : SafetensorsHeader.read(file).tensors()) {
          bytes += tensor.byteSize();
          if (fileByTensor.put(tensor.name(), folder.relativize(file).toString()) != null) {
            return Optional.empty();
          }
        }
      }
    } catch (IOException e) {
      return Optional.empty();
    }
    return fileByTensor.isEmpty()
        ? Optional.empty()
        : Optional.of(IndexJson.encode(bytes, fileByTensor));
  }

  /**
   * Returns who may do what with a file that the save makes: as with the one that it replaces, or
   * with those of the checkpoint that the target's files replace.
   */
  public FileRights rights(Path made, SaveTarget target) throws IOException {
    Stream<Path> own =
        found.stream()
            .filter(file ->
                file.equals(target.single())
                    || String.valueOf(file.getFileName()).startsWith(target.base() + "-"));
    Optional<Path> like =
        Stream.of(Stream.of(made), named.stream(), own)
            .flatMap(files -> files)
            .filter(Files::exists)
            .findFirst();
    return like.isPresent() ? FileRights.of(like.get()) : FileRights.NEW;
  }
}
